// First calls that prove control of a URL: the sender puts a text into a request and expects it back. A
// challenge is data, the same for presets and for `respond.challenge`. It is never an event, is bounded, and
// is answered as plain text, JSON or a header, so that a browser never renders text of an unknown sender as a
// page.

import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Json } from "../../../contract.ts";
import { Refusal } from "../../../http/answer.ts";
import { isSameSecret } from "../../../http/same-secret.ts";
import { textAt } from "./fields.ts";
import { type Handshake, headerOf } from "./verifier.ts";

/** Locations are written as `query.NAME`, `headers.NAME` and `data.PATH`. */
export interface Challenge {
  /** Where the text is. */
  readonly from: string;
  /** A request is a challenge only where each of these locations has one of its values. */
  readonly when?: Readonly<Record<string, string | readonly string[]>>;
  /** Where the sender repeats the agreed token. */
  readonly tokenFrom?: string;
  /**
   * Where it is sent back: `body` as plain text, `data.NAME` as the one field of a JSON object,
   * `headers.NAME`.
   */
  readonly to: string;
  /** Answered only when the request was verified. */
  readonly signed: boolean;
  /** The text is the secret that signs later requests: it is stored, unless the config has the secret. */
  readonly isSecret?: boolean;
  /**
   * Sent back is not the text but its HMAC-SHA256 by the secret; the text too, in the field `echo`. Anybody gets the HMAC of a text that is
   * allowed here, so no such text may be a body that is accepted: `isSafeBody`.
   */
  readonly digest?: {
    readonly encoding: "hex" | "base64";
    readonly prefix: string;
    readonly echo?: string;
  };
  /** The text may hold spaces and colons as well. */
  readonly isProse?: boolean;
}

/** Where a challenge can be read from. `data` is absent until the body was read. */
export interface ChallengeRequest {
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly data?: Json;
}

export interface Challenger {
  readonly signed: boolean;
  /** The challenge is in the head of the request, so that the body does not matter. */
  readonly isInHead: boolean;
  /** Undefined when the request is not a challenge. */
  answer(asked: ChallengeRequest): Handshake | Refusal | undefined;
  /** The text that `answer` sends back. */
  textIn(asked: ChallengeRequest): string;
}

/** From an unverified body that is only read to find a challenge. */
export const maxChallengeBodyBytes = 16 * 1024;
const maxLength = 512;
/**
 * Unsigned text comes from anybody. Covers base64, UUIDs and URL characters, and nothing that a browser or a
 * shell acts on.
 */
const plain = /^[\w.~=+/-]+$/;
const prose = /^[\w.~=+/:, -]+$/;
/** Signed text comes from the sender: anything printable. */
const printable = /^[\x20-\x7e]+$/;

/** `secrets`: for a `digest`, of which the first counts. */
export function createChallenger(
  challenge: Challenge,
  tokens: readonly string[],
  secrets: readonly string[] = [],
): Challenger {
  const { from, when = {}, tokenFrom, to, signed, digest } = challenge;
  const allowed = signed ? printable : challenge.isProse === true ? prose : plain;
  const conditions = Object.entries(when).map(([location, values]) => ({
    location,
    values: [values].flat(),
  }));

  return {
    signed,
    isInHead: !from.startsWith("data."),
    textIn: (asked) => readAt(from, asked) ?? "",
    answer(asked) {
      const text = readAt(from, asked);
      if (text === undefined) return undefined;
      for (const { location, values } of conditions) {
        const value = readAt(location, asked);
        if (value === undefined || !values.includes(value)) return undefined;
      }
      if (tokenFrom !== undefined) {
        const given = readAt(tokenFrom, asked);
        // All are compared, so that timing does not reveal which one matched.
        const right = tokens.filter((token) => isSameSecret(given, token));
        if (right.length === 0) return new Refusal(403, "the verify token is wrong");
      }
      if (text.length > maxLength || !allowed.test(text))
        return new Refusal(400, "the challenge is too long or has characters that are not sent back");
      return digest === undefined ? handshakeOf(to, text) : digestOf(to, text, digest, secrets);
    },
  };
}

/** A body that cannot have the HMAC of a challenge: JSON begins with a character that no challenge may have. */
export function isSafeBody(body: Buffer): boolean {
  return body[0] === 0x7b;
}

function digestOf(
  to: string,
  text: string,
  { encoding, prefix, echo }: NonNullable<Challenge["digest"]>,
  [secret = ""]: readonly string[],
): Handshake {
  const value = prefix + createHmac("sha256", secret).update(text).digest(encoding);
  return { status: 200, body: { ...(echo === undefined ? {} : { [echo]: text }), [nameOf(to)]: value } };
}

const nameOf = (location: string) => location.slice(location.indexOf(".") + 1);

/**
 * CloudEvents, HTTP webhooks, section 4: a sender asks by OPTIONS whether it may send, and names itself.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md
 */
const cloudEvents = {
  asked: "headers.webhook-request-origin",
  answered: "headers.webhook-allowed-origin",
  with: { allow: "POST", "webhook-allowed-rate": "*" },
} as const;

/** Does this challenge come by OPTIONS? */
export function comesByOptions(from: string): boolean {
  return from.toLowerCase() === cloudEvents.asked;
}

function handshakeOf(to: string, text: string): Handshake {
  const name = nameOf(to);
  if (to === "body") return { status: 200, text };
  if (!to.startsWith("headers.")) return { status: 200, body: { [name]: text } };
  const more = to.toLowerCase() === cloudEvents.answered ? cloudEvents.with : {};
  return { status: 200, text: "", headers: { [name.toLowerCase()]: text, ...more } };
}

/** Also undefined for a repeated parameter: it is ambiguous. */
export function readAt(location: string, { target, headers, data }: ChallengeRequest): string | undefined {
  const name = location.slice(location.indexOf(".") + 1);
  if (location.startsWith("query.")) {
    const start = target.indexOf("?");
    const values = start === -1 ? [] : new URLSearchParams(target.slice(start + 1)).getAll(name);
    return values.length === 1 ? values[0] : undefined;
  }
  if (location.startsWith("headers.")) return headerOf(headers, name.toLowerCase());
  return textAt(data, name);
}

/** The default location of the answer: the same as in the request, and plain text for a query parameter. */
export function usualTarget(from: string): string {
  if (from.startsWith("query.")) return "body";
  if (comesByOptions(from)) return cloudEvents.answered;
  return from.startsWith("headers.") ? from : `data.${from.slice(from.lastIndexOf(".") + 1)}`;
}
