// What processes of one config say to each other over the owner's socket. A line that begins with `{` is a control frame
// (JSON with `t`), `=12 ...` is the twelfth MCP line of its direction as it stands, `?...` is a request that an earlier
// owner left unanswered. So data can never be taken for control. Both directions confirm lines by number, cumulatively.

import type { Json, JsonObject } from "../contract.ts";

/** Processes with different numbers do not work together. `hello`, `welcome` and `refuse` keep their shape for ever. */
export const protocolNumber = 1;

const mebibyte = 1024 * 1024;
/** What the MCP SDK's own stdio transport takes. */
export const maxLineBytes = 10 * mebibyte;
/** This much may be on the way and not yet confirmed; a single longer line may be, too. */
export const windowBytes = mebibyte;

export type RequestId = string | number;

/** What a process tells about itself and its client. Told anew (`facts`) when it changes. */
export interface SessionFacts {
  /** The client's session id: a hint, stale after `/clear`. */
  readonly session?: string;
  /** The project's folder. */
  readonly project: string;
  readonly label?: string;
  readonly listening: { readonly state: "yes" | "no" | "unknown"; readonly reason: string };
  /** Names of the running config's variables that this process does not have. */
  readonly missing: readonly string[];
  /** Whatever else the two sides agree on. */
  readonly details?: JsonObject;
}

export interface Hello {
  readonly t: "hello";
  readonly protocol: number;
  readonly version: string;
  readonly pid: number;
  /** `standby`: a process without a client that would take over. `command`: calls and their answers, no session. */
  readonly role: "session" | "standby" | "command";
  readonly eligible?: boolean;
  readonly facts?: SessionFacts;
}

export interface Resume {
  readonly t: "resume";
  /** The client's own `initialize` and the answer that it got, when it got one. */
  readonly initialize?: string;
  readonly answer?: string;
  /** The client said `notifications/initialized` to an earlier owner. */
  readonly initialized?: boolean;
  /** So many `?` lines follow. */
  readonly unanswered: number;
  /** Unanswered requests whose text was too much to keep. */
  readonly forgotten: readonly RequestId[];
  /** Ids of events that the client's stream took of late, and of those handed to it and not yet taken. */
  readonly taken: readonly string[];
  readonly writing: readonly string[];
}

export type Frame =
  | Hello
  | { readonly t: "welcome"; readonly protocol: number; readonly version: string; readonly epoch: number }
  | { readonly t: "refuse"; readonly protocol: number; readonly version: string; readonly reason: string }
  | Resume
  | { readonly t: "facts"; readonly facts: SessionFacts; readonly eligible: boolean }
  /** Events of an earlier owner (`writing`) that the client's stream has taken by now. */
  | { readonly t: "taken"; readonly events: readonly string[] }
  /** Every line up to number `n` was taken. */
  | { readonly t: "c"; readonly n: number }
  /** The client will send no further line. */
  | { readonly t: "end" }
  /** To whoever would succeed: the owner will leave in a moment, and goes on serving meanwhile. Answered with `ready`. */
  | { readonly t: "prepare" }
  /** All is loaded that an owner needs. */
  | { readonly t: "ready" }
  /** The owner is about to go: hold the client's lines; `successor` says who should get ready. */
  | { readonly t: "leaving"; readonly successor?: number }
  /** The connection ends. The successor claims the next epoch at once, the others leave it to it for a moment. */
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

/** Checks what every frame has; what else it holds is read with the types' own care by whoever handles it. */
export function readFrame(text: string): Frame | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isFrame = typeof value === "object" && value !== null && typeof (value as Frame).t === "string";
    return isFrame ? (value as Frame) : undefined;
  } catch {
    return undefined; // The link tells its peer and closes.
  }
}

export function isHello(frame: Frame): frame is Hello {
  return frame.t === "hello" && typeof frame.protocol === "number" && typeof frame.pid === "number";
}

export function isResume(frame: Frame): frame is Resume {
  if (frame.t !== "resume") return false;
  const { initialize, answer, unanswered, forgotten, taken, writing } = frame;
  const isRecorded = initialize === undefined ? answer === undefined : isJsonObject(initialize);
  return (
    isRecorded &&
    (answer === undefined || isJsonObject(answer)) &&
    Number.isSafeInteger(unanswered) &&
    [forgotten, taken, writing].every(Array.isArray)
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
