// A pool of signed GitHub deliveries of exactly 8 KiB, made of the payloads of @octokit/webhooks-examples: longer ones lose
// nested parts, shorter ones get prose. What differs between two posts of one pool entry is the delivery id, which GitHub
// does not sign, and a number in the body: the router recognises a signed body that it has seen.

import { createHmac } from "node:crypto";
import { createRequire } from "node:module";

export const payloadBytes = 8 * 1024;
export const secret = "it is a secret to everybody, except to this benchmark";

/** Delivery ids are this and a number of `deliveryDigits` digits. */
export const deliveryPrefix = "b0a7d000-0000-4000-8000-";
export const deliveryDigits = 12;

/** Of the body: where the number begins that no two posts share. */
export const sequenceField = '"sequence":"';

/** What the posts are about, with the payload's key that holds the subject. */
export const subjects = [
  { event: "issues", key: "issue" },
  { event: "issue_comment", key: "comment" },
  { event: "pull_request", key: "pull_request" },
  { event: "pull_request_review", key: "review" },
  { event: "check_run", key: "check_run" },
  { event: "workflow_run", key: "workflow_run" },
  { event: "workflow_job", key: "workflow_job" },
  { event: "release", key: "release" },
  { event: "discussion", key: "discussion" },
  { event: "deployment_status", key: "deployment_status" },
];

const prose =
  "Retries the upload when the connection was closed half way, and says which part was lost. Fixes the flaky run on slow machines. ";

/** The repository that all deliveries of one event come from: a channel of that repository and event takes them. */
export function repositoryOf(event) {
  return `acme/${event.replaceAll("_", "-")}`;
}

/** The actions that the examples of one event show. */
export function actionsOf(event) {
  return [...new Set(examplesOf(event).map((example) => example.action))].sort();
}

/** As in the header X-Hub-Signature-256. */
export function signatureOf(body) {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** `size` different deliveries, `{event, body}`, the events taking turns. */
export function createPool(size) {
  return Array.from({ length: size }, (_, index) => {
    const { event, key } = subjects[index % subjects.length];
    const examples = examplesOf(event);
    const payload = structuredClone(examples[Math.floor(index / subjects.length) % examples.length]);
    payload[key].number = index + 1;
    payload.repository.full_name = repositoryOf(event);
    payload.repository.fork = false;
    payload.sequence = "0".repeat(deliveryDigits);
    return { event, body: Buffer.from(JSON.stringify(toSize(payload))) };
  });
}

let corpus;

function examplesOf(event) {
  corpus ??= createRequire(import.meta.url)("@octokit/webhooks-examples");
  return corpus.find((entry) => entry.name === event).examples.filter((example) => example.repository);
}

/** Cuts and pads to `payloadBytes`. */
function toSize(payload) {
  payload.repository.description = "";
  for (;;) {
    const excess = sizeOf(payload) - payloadBytes;
    if (excess <= 0) break;
    const parts = spareParts(payload, 0).sort((a, b) => a.size - b.size);
    const { owner, key } = parts.find((part) => part.size >= excess) ?? parts.at(-1);
    delete owner[key];
  }
  const missing = payloadBytes - sizeOf(payload);
  payload.repository.description = prose.repeat(Math.ceil(missing / prose.length)).slice(0, missing);
  return payload;
}

/** What may go: objects and API addresses below the payload's own keys. No channel reads them. */
function spareParts(owner, depth) {
  return Object.entries(owner).flatMap(([key, value]) => {
    const spare = { owner, key, size: sizeOf(value) };
    if (value === null || typeof value !== "object") {
      return depth > 0 && key.endsWith("_url") && key !== "html_url" ? [spare] : [];
    }
    const inner = Array.isArray(value) ? [] : spareParts(value, depth + 1);
    return depth === 0 ? inner : [spare, ...inner];
  });
}

function sizeOf(value) {
  return Buffer.byteLength(JSON.stringify(value));
}
