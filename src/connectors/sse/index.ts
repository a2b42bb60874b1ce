// The `sse` source type: server-sent events, and webhooks through a relay that uses them.

import type { Json, OptionIssue, SourceType, Surroundings } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { durationIssue, requestIssues, sizeIssue } from "../../intake/request-issues.ts";
import { addressOf, describeUrl, hostReach, trustOf } from "../../intake/request-options.ts";
import { keyOf } from "../../intake/seen-keys.ts";
import { type SseOptions, sseOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { arrivalOfEvent, createSseSource } from "./source.ts";
import { unwrapRelayed } from "./webhook-relay.ts";

export function checkOptions(options: SseOptions, surroundings: Surroundings): OptionIssue[] {
  return [
    ...requestIssues(options, ["https", "http"]),
    ...relayIssues(options, surroundings),
    ...durationIssue("idle", options.idleMs, [5_000, "5s"], [86_400_000, "1d"]),
    ...sizeIssue("max_message", options.maxMessageBytes),
  ];
}

function relayIssues({ relay }: SseOptions, { isTainted }: Surroundings): OptionIssue[] {
  if (relay === undefined || isTainted(["url"])) return [];
  return [
    {
      path: ["url"],
      message: "is the only secret of a relay, and is written here in plain text",
      hint: 'put it into .env beside this file, as RELAY_URL=..., and write  url: "${RELAY_URL}"',
    },
  ];
}

export const sse: SourceType<SseOptions> = {
  type: "sse",
  summary: "Listens to an event stream (server-sent events), or to webhooks from a webhook relay.",
  options: sseOptions,
  validate,
  // The default type `message` is not shown.
  meta: { event: '{{#unless (eq headers.event "message")}}{{headers.event}}{{/unless}}' },
  // On a reload the old connection ends before the new one begins, and the new one resumes. Relays remember
  // nothing: there the two overlap.
  claims: ({ url, relay, headers = {}, auth }) =>
    relay === undefined ? [`stream:${describeUrl(url)} (${keyOf([url, headers, auth ?? {}] as Json)})`] : [],
  check: checkOptions,
  // Anybody may send through a relay.
  trust: ({ url, relay }) => (relay === undefined ? trustOf(url) : "unverified"),
  reaches: hostReach,
  storeKey: ({ url }) => addressOf(url),
  sampleArrival(options, payload, headers) {
    if (options.relay === undefined) {
      const { event = options.events?.[0] ?? "message", id = "" } = headers;
      return arrivalOfEvent({ name: event, data: payload, id, hasId: id !== "" }, options.url);
    }
    const arrival = unwrapRelayed(JSON.stringify({ ...headers, body: payload }));
    if (arrival === undefined) throw new UsageError("E_USAGE", "the payload is not the body of a request");
    return arrival;
  },
  create: createSseSource,
};
