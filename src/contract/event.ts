// What an event is, from the arrival that a source emits to the view of templates and filters; how it ended, and how many
// did. Types only; `contract.ts` hands on most of them.

export type Json = null | boolean | number | string | Json[] | JsonObject;

export type JsonObject = { [key: string]: Json };

/** A JSON Schema (draft 2020-12 as far as Ajv's default dialect reads it), as plain data. */
export type JsonSchema = { readonly [key: string]: unknown };

/**
 * How well the origin of an event is known. `verified`: a signature or secret was checked. `local`: this
 * machine's own files, commands and clock. `sender`: a user on an allowlist. `unverified`: anybody who
 * reached a loopback port.
 */
export type Trust = "verified" | "local" | "sender" | "unverified";

export interface Sender {
  /** The platform's own stable id, never a display name: allowlists compare this. */
  readonly id: string;
  readonly name?: string;
}

/** Where a request came from. */
export interface Remote {
  /** IPv4 or IPv6, without port. */
  readonly address: string;
  /** The trusted proxy that reported the address. */
  readonly proxy?: string;
}

/** What a source emits for each occurrence. The router adds id, source, connector and time. */
export interface Arrival {
  readonly data: Json;
  /** The payload as text; for a structured payload, the original text. */
  readonly text: string;
  readonly trust: Trust;
  /** Names in lower case, credentials already removed. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly method?: string;
  /** Of a request over TCP. */
  readonly remote?: Remote;
  readonly sender?: Sender;
  /** The sender's own id for this delivery: the same id twice on one source is one event. */
  readonly deliveryId?: string;
  readonly known?: KnownDelivery;
  /** When its request began, where it is from one; not stored with the event. */
  readonly receivedMs?: number;
  /** An ongoing conversation: its events go to the session of the earlier ones. */
  readonly conversation?: string;
  /** How long it is worth delivering, where its channel sets no ttl. */
  readonly ttlMs?: number;
}

/**
 * How a repeated delivery is recognised; not part of the event. `idMs`: how long `deliveryId` is remembered,
 * default 24 h. `proof`: a hash of the signed text: equal ones within `ms` are one delivery.
 */
export interface KnownDelivery {
  readonly idMs?: number;
  readonly proof?: { readonly hash: string; readonly ms: number };
}

/**
 * How far a delivery provably got on its way to Claude. `accepted`: it is in the journal. `shown`: the client's own
 * log says so. `read`: a session fetched it with `pending`, or named it in a tool call. `acked`: Claude
 * acknowledged it.
 */
export type Mark = "accepted" | "shown" | "read" | "acked";

/** An accepted arrival with its identity. Immutable. */
export interface RouterEvent extends Arrival {
  /** Unique and sortable by time of arrival; lower-case letters and digits. */
  readonly id: string;
  readonly source: string;
  /** The source's `type`. */
  readonly connector: string;
  readonly timeMs: number;
}

/**
 * The view for templates, `match` and CEL: exactly these roots. Absent values are absent, never undefined.
 */
export interface View {
  data: Json;
  text: string;
  headers?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string>>;
  params?: Readonly<Record<string, string>>;
  path?: string;
  method?: string;
  remote?: Remote;
  sender?: Sender;
  id: string;
  source: string;
  connector: string;
  /** RFC 3339, UTC, milliseconds. */
  time: string;
  inputs: JsonObject;
  /** The channel's computed values; empty until they are computed. */
  vars: JsonObject;
}

/** The roots of a View, for checks and for "did you mean". */
export type Root = keyof View;

/**
 * The outcome of an arrival. `accepted`: at least one channel accepted it and it is durable. `duplicate`:
 * seen before (delivery id, or a channel's `dedupe`). `dropped`: a channel selected it and then dropped it
 * (`changed`). `unmatched`: no channel of its source wanted it.
 */
export interface Outcome {
  readonly eventId: string;
  readonly outcome: "accepted" | "duplicate" | "dropped" | "unmatched";
}

/** A sample event, to try by hand. */
export interface Sample {
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Json;
}

/** A real payload for a source, if it fits on a command line, and the command that sends it; or why there is none. */
export type TrySource =
  | { readonly commandLine: string; readonly sample?: Sample }
  | { readonly none: string };

export interface EndpointInfo {
  /** For instance `POST http://127.0.0.1:8788/github`. */
  readonly address: string;
  /** A shell command that makes one event; absent when that requires the secret, or a payload that nobody has given. */
  readonly example?: string;
  /** Why there is none, where the user can change that. One line. */
  readonly noExample?: string;
}

export interface Counts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly dropped: number;
  readonly unmatched: number;
  /** Became no event, or was rejected: a wrong signature, an unknown path, over the rate, and the like. */
  readonly refused: number;
}
