// The protocol between processes of one config, over the leader's socket. A line that begins with `{` is a
// control frame (JSON with `t`), `=12 ...` is the twelfth MCP line of its direction, unchanged, `?...` is a
// request that an earlier leader left unanswered. So data can never be taken for control. Both directions
// confirm lines by number, cumulatively.

import type { Json, JsonObject } from "../contract.ts";

/**
 * Processes with different numbers do not work together. `hello`, `welcome` and `refuse` never change their
 * shape.
 */
export const protocolNumber = 1;

const mebibyte = 1024 * 1024;
/** The limit of the MCP SDK's own stdio transport. */
export const maxLineBytes = 10 * mebibyte;
/** How much may be in flight and not yet confirmed; a single longer line may be, too. */
export const windowBytes = mebibyte;

export type RequestId = string | number;

/** What a process reports about itself and its client. Sent again (`facts`) when it changes. */
export interface SessionFacts {
  /** The client's session id: a hint, stale after `/clear`. */
  readonly session?: string;
  /** The project's folder. */
  readonly project: string;
  readonly label?: string;
  readonly listening: { readonly state: "yes" | "no" | "unknown"; readonly reason: string };
  /** Names of the running config's variables that this process does not have. */
  readonly missing: readonly string[];
  /** Anything else that the two sides agree on. */
  readonly details?: JsonObject;
}

export interface Hello {
  readonly t: "hello";
  readonly protocol: number;
  readonly version: string;
  readonly pid: number;
  /**
   * `standby`: a process without a client that would take over. `command`: calls and their answers, no
   * session.
   */
  readonly role: "session" | "standby" | "command";
  readonly eligible?: boolean;
  readonly facts?: SessionFacts;
}

export interface Resume {
  readonly t: "resume";
  /** The client's own `initialize` and the answer that it got, if any. */
  readonly initialize?: string;
  readonly answer?: string;
  /** The client sent `notifications/initialized` to an earlier leader. */
  readonly initialized?: boolean;
  /** The number of `?` lines that follow. */
  readonly unanswered: number;
  /** Unanswered requests whose text was too large to keep. */
  readonly forgotten: readonly RequestId[];
  /** Ids of events that the client's stream took recently, and of those handed to it but not yet taken. */
  readonly taken: readonly string[];
  readonly writing: readonly string[];
  /** The same by delivery; absent: all channels of these events. */
  readonly deliveries?: { readonly taken: readonly DeliveryKey[]; readonly writing: readonly DeliveryKey[] };
}

/** `EVENT/CHANNEL`: one event can be sent to a session on several channels. `EVENT` where the channel is unknown. */
export type DeliveryKey = string;

export type Frame =
  | Hello
  /** `epoch`: the leader's term. */
  | { readonly t: "welcome"; readonly protocol: number; readonly version: string; readonly epoch: number }
  | { readonly t: "refuse"; readonly protocol: number; readonly version: string; readonly reason: string }
  | Resume
  | { readonly t: "facts"; readonly facts: SessionFacts; readonly eligible: boolean }
  /** Events of an earlier leader (`writing`) that the client's stream has taken by now; `deliveries` as in `Resume`. */
  | { readonly t: "taken"; readonly events: readonly string[]; readonly deliveries?: readonly DeliveryKey[] }
  /** To the process of a session that does not show channels: it is to ring. Answered with `rung`. */
  | { readonly t: "ring"; readonly n: number; readonly waiting: number }
  /** `failed`: why the ring was not passed on. `unknown`: it may have been. */
  | { readonly t: "rung"; readonly n: number; readonly failed?: string; readonly unknown?: true }
  /** Every line up to number `n` was taken. */
  | { readonly t: "c"; readonly n: number }
  /** The client will not send another line. */
  | { readonly t: "end" }
  /** To the successor: the leader will leave in a moment, and serves meanwhile. Answered with `ready`. */
  | { readonly t: "prepare" }
  /** Everything that a leader needs is loaded. */
  | { readonly t: "ready" }
  /** The leader is about to go: hold the client's lines; `successor` is the process that should get ready. */
  | { readonly t: "leaving"; readonly successor?: number }
  /**
   * The connection ends. The successor acquires the next term at once; the others leave it to it for a
   * moment.
   */
  | { readonly t: "bye"; readonly reason: string; readonly successor?: number }
  | { readonly t: "call"; readonly id: number; readonly command: string; readonly args: Json }
  | { readonly t: "part"; readonly id: number; readonly value: Json }
  | { readonly t: "done"; readonly id: number; readonly result: Json }
  | { readonly t: "fail"; readonly id: number; readonly error: CallError };

export interface CallError {
  readonly code?: string;
  readonly message: string;
  readonly hint?: string;
}

/** Checks what every frame has; its other fields are checked by the code that handles it. */
export function readFrame(text: string): Frame | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isFrame = typeof value === "object" && value !== null && typeof (value as Frame).t === "string";
    return isFrame ? (value as Frame) : undefined;
  } catch {
    return undefined; // The link reports it to its peer and closes.
  }
}

export function isHello(frame: Frame): frame is Hello {
  return frame.t === "hello" && typeof frame.protocol === "number" && typeof frame.pid === "number";
}

export function isResume(frame: Frame): frame is Resume {
  if (frame.t !== "resume") return false;
  const { initialize, answer, unanswered, forgotten, taken, writing, deliveries } = frame;
  const isRecorded = initialize === undefined ? answer === undefined : isJsonObject(initialize);
  return (
    isRecorded &&
    (answer === undefined || isJsonObject(answer)) &&
    Number.isSafeInteger(unanswered) &&
    [forgotten, taken, writing].every(Array.isArray) &&
    (deliveries === undefined || [deliveries?.taken, deliveries?.writing].every(Array.isArray))
  );
}

function isJsonObject(text: unknown): boolean {
  try {
    const value: unknown = typeof text === "string" ? JSON.parse(text) : undefined;
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

export function isFacts(value: unknown): value is SessionFacts {
  if (typeof value !== "object" || value === null) return false;
  const { project, listening, missing } = value as Partial<SessionFacts>;
  return typeof project === "string" && typeof listening?.state === "string" && Array.isArray(missing);
}
