// First calls that need an answer and are not events: a ping when the hook was created, a challenge to prove
// control of the URL. They are handled only after the request was verified.

import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Json } from "../../../contract.ts";
import { fieldOf, type Handshake } from "./verifier.ts";

const pong: Handshake = { status: 200, body: { ok: true } };

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#ping */
export function githubPing(headers: IncomingHttpHeaders): Handshake | undefined {
  return headers["x-github-event"] === "ping" ? pong : undefined;
}

/** https://buildkite.com/docs/apis/webhooks/pipelines/ping-events */
export function buildkitePing(headers: IncomingHttpHeaders): Handshake | undefined {
  return headers["x-buildkite-event"] === "ping" ? pong : undefined;
}

/** Bitbucket Data Center's "test connection"; Bitbucket Cloud sends none. */
export function serverPing(headers: IncomingHttpHeaders): Handshake | undefined {
  return headers["x-event-key"] === "diagnostics:ping" ? pong : undefined;
}

export function intercomPing(_headers: IncomingHttpHeaders, data: Json): Handshake | undefined {
  return fieldOf(data, "topic") === "ping" ? pong : undefined;
}

/** "Intent to receive": a delivery without events, once with a right signature and several times with a wrong one. */
export function xeroIntent(_headers: IncomingHttpHeaders, data: Json): Handshake | undefined {
  const events = typeof data === "object" && data !== null && !Array.isArray(data) ? data.events : undefined;
  return Array.isArray(events) && events.length === 0 ? { status: 200, text: "" } : undefined;
}

/** https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint */
export function zoomUrlValidation(
  _headers: IncomingHttpHeaders,
  data: Json,
  secret: string,
): Handshake | undefined {
  const plainToken = fieldOf(data, "payload.plainToken");
  if (fieldOf(data, "event") !== "endpoint.url_validation" || plainToken === undefined) return undefined;
  return {
    status: 200,
    body: { plainToken, encryptedToken: createHmac("sha256", secret).update(plainToken).digest("hex") },
  };
}
