// The interface of `verify`: the input and the result of a scheme. A scheme never throws on external input:
// an invalid header is a failed verification and nothing else.

import type { IncomingHttpHeaders } from "node:http";
import type { Json } from "../../../contract.ts";
import { isObject } from "../../../json.ts";
import type { ParseOptions } from "../parse-body.ts";
import type { Conceal } from "./conceal.ts";

/** A request as a scheme sees it: nothing was parsed yet. */
export interface Inbound {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** How the body becomes the data of the event: a scheme that checks fields must read them in the same way. */
  readonly reading?: ParseOptions;
}

/** How a request was verified. */
export interface Proof {
  /** The matching secret. */
  readonly secret: string;
  /**
   * A hash of the signed text: two requests with the same hash are one delivery, however else they differ.
   * Taken over the text and not over the signature, because two secrets sign the same text in two ways.
   * Absent where the secret itself was sent.
   */
  readonly signed?: string;
  /** The delivery id, where it is in a signed header. */
  readonly id?: string;
}

/** Undefined when verification fails. Pure except for the clock; takes the same time whatever the secret. */
export type Check = (inbound: Inbound) => Proof | undefined;

/** An answer of a preset instead of an event: the sender only checks the endpoint. */
export interface Handshake {
  readonly status: number;
  /** Sent as JSON; absent, as is `text`, means no body. */
  readonly body?: Json;
  /** Sent as plain text. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether the sender confirmed a subscription. */
export type Verification = { readonly topic: string } | { readonly failure: string };

export interface Verifier extends VerifyTraits {
  readonly check: Check;
  /** For a verified request with these headers: hides its credentials wherever it repeats them. */
  concealer(headers: IncomingHttpHeaders, data: Json): Conceal;
  /** Fetches the keys that this request needs, before `check`. `unavailable`: the fetch failed. */
  prepare?(inbound: Inbound): Promise<"unavailable" | undefined>;
  /** Confirms the subscription that a verified payload asks for; undefined when it asks for none. */
  confirm?(data: Json): Promise<Verification> | undefined;
  /** False when the head of a request suffices: then the body of an unverified request is not read. */
  readonly readsBody: boolean;
}

/** The properties of a scheme without its secret. */
export interface VerifyTraits {
  /** Credentials that only the check may read: header names in lower case, and query parameters. */
  readonly credentials: { readonly headers: readonly string[]; readonly query: readonly string[] };
  /** For `www-authenticate` on a 401. */
  readonly challenge?: string;
  /** A form whose one field of this name holds the payload as JSON. */
  readonly formField?: string;
  /** The fields of a form are what is signed, and not its bytes: such a body is a form, whatever else it could be read as. */
  readonly signsForm?: "always" | "by type";
  /** For how long a proof is remembered, so that the same request counts once. */
  readonly proofMs: number;
  /** How long an id, and a proof without a time, is remembered. */
  readonly memoryMs: number;
  /** The id that the sender vouches for. Without `proof`, for a sample: the id field of such a sender. */
  deliveryId(headers: IncomingHttpHeaders, data: Json, proof: Proof | undefined): string | undefined;
  /** Called only for requests that passed the check, by this secret. */
  handshake?(headers: IncomingHttpHeaders, data: Json, secret: string): Handshake | undefined;
  /** For senders that put the time of sending inside the signed body. Milliseconds since 1970. */
  sentAtMs?(data: Json): number | undefined;
}

/**
 * The header as one string. Node joins repeated headers with a comma, which no scheme then mistakes for one
 * value.
 */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** A field of the payload when it is text or a number, as text. Dots separate the levels. */
export function fieldOf(data: Json, path: string): string | undefined {
  let value: Json | undefined = data;
  for (const key of path.split(".")) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
