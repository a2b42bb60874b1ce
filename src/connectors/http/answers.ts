// What the sender of a request receives: for a durable event, a first call, a rejected event. A preset knows
// what its sender expects instead of 202 and JSON; `respond` takes precedence over it.

import type { ServerResponse } from "node:http";
import type { Outcome } from "../../contract.ts";
import type { DeliveryError } from "../../errors.ts";
import { answerEmpty, answerJson, answerText, Refusal } from "../../http/answer.ts";
import type { HttpOptions } from "./options.ts";
import { presets } from "./verify/presets.ts";
import { isPreset } from "./verify/scheme.ts";
import type { Handshake } from "./verify/verifier.ts";

const retryAfterMs = 1_000;
const plainText = "text/plain; charset=utf-8";
const defaultMaxBodyBytes = 1024 * 1024;

/** The maximum body size: from the config, else the maximum that the sender documents. */
export function maxBodyOf({ maxBodyBytes, verify }: HttpOptions): number {
  const preset = verify !== undefined && isPreset(verify.scheme) ? presets[verify.scheme] : undefined;
  return maxBodyBytes ?? Math.max(preset?.maxBodyBytes ?? 0, defaultMaxBodyBytes);
}

/** How a source with these options answers a durable event. */
export function createAnswer({
  respond,
  verify,
}: Pick<HttpOptions, "respond" | "verify">): (response: ServerResponse, outcome: Outcome) => void {
  const preset = verify !== undefined && isPreset(verify.scheme) ? presets[verify.scheme].answer : undefined;
  const status = respond?.status ?? preset?.status ?? 202;
  const body = respond?.body ?? preset?.body;
  const contentType =
    respond?.contentType === undefined
      ? ((respond?.body === undefined ? preset?.contentType : undefined) ?? typeOf(body ?? ""))
      : withCharset(respond.contentType);
  return (response, { eventId, outcome }) => {
    if (status === 204 || status === 205) answerEmpty(response, status);
    else if (body === undefined) answerJson(response, status, { event_id: eventId, outcome });
    else answerText(response, status, body, contentType);
  };
}

function typeOf(body: string): string {
  if (/^\s*[[{]/.test(body)) return "application/json";
  return /^\s*<(?:\?xml|Response)\b/.test(body) ? "text/xml; charset=utf-8" : plainText;
}

const withCharset = (type: string) => (type === "application/json" ? type : `${type}; charset=utf-8`);

/** HEAD: the endpoint exists and accepts requests. The headers of an event's answer are not sent. */
export function answerHead(response: ServerResponse): void {
  answerText(response, 200, "", "application/json");
}

export function answerHandshake(response: ServerResponse, handshake: Handshake): void {
  const { status, body, text, headers } = handshake;
  if (text !== undefined) answerText(response, status, text, plainText, headers);
  else if (body === undefined) answerEmpty(response, status);
  else answerJson(response, status, body);
}

export function refusalOf(error: DeliveryError): Refusal {
  const afterMs = error.retryAfterMs ?? retryAfterMs;
  if (error.code !== "E_RATE") return notTaken(afterMs);
  return new Refusal(429, "too many events for this source: try again later", retryAfter(afterMs));
}

export function notTaken(afterMs = retryAfterMs): Refusal {
  return new Refusal(503, "the event was not accepted: try again later", retryAfter(afterMs));
}

/** The sender's public keys could not be fetched: the request can be neither accepted nor rejected. */
export function keysUnavailable(): Refusal {
  return new Refusal(503, "the keys of the sender cannot be fetched: try again later", retryAfter(5_000));
}

function retryAfter(ms: number): Readonly<Record<string, string>> {
  return { "retry-after": String(Math.max(1, Math.ceil(ms / 1_000))) };
}
