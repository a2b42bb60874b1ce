// The vocabulary of the journal: what a line may hold, and what callers pass in. One line of a segment is one
// of `Line`, as JSON, with a `crc` field at the end. A line is the unit that survives or does not: data that
// must stay consistent is on one line.

import type { Json, JsonObject, Mark, MemoryWrite, RouterEvent } from "../contract.ts";
import type { DeliveryProof } from "./mark.ts";

/**
 * Written on every line. A line with another version and a valid checksum is left where it is and counted as
 * unknown.
 */
export const version = 1;

/**
 * The state of one event on one channel. `accepted`: stored. `held`: dispatch has seen it and waits (no
 * session, quiet time, an open digest). `sent`: a client's stream took it. The rest are final. The order is
 * part of the snapshot format: add at the end only.
 */
export const states = [
  "accepted",
  "held",
  "sent",
  "acked",
  "expired",
  "superseded",
  "folded",
  "silenced",
  "dead",
] as const;

export type State = (typeof states)[number];

/** The order is part of the snapshot format. */
export const priorities = ["low", "normal", "high"] as const;

export type Priority = (typeof priorities)[number];

/** What one channel made of an event: the text for the session, and the delivery options. */
export interface Delivery {
  readonly channel: string;
  readonly content: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly tokens: number;
  /** Kept in RAM while the entry is open; absent means `normal`. */
  readonly priority?: Priority;
  /** Not delivered at or after this time. Kept in RAM while the entry is open; absent means no expiry. */
  readonly untilMs?: number;
  /**
   * Delivery options, everything else that dispatch must know (receipt, to, thread, supersede key...). The
   * journal never reads them.
   */
  readonly terms: JsonObject;
}

/** One accepted event, committed completely or not at all. */
export interface EventRecord {
  readonly event: RouterEvent;
  /** At least one, each with another channel. */
  readonly deliveries: readonly Delivery[];
  /** Filter memory of the filters that admitted it; it becomes final together with the event. */
  readonly memory: readonly MemoryWrite[];
}

export interface Member {
  readonly id: string;
  readonly channel: string;
}

/**
 * A summary that replaces its members: they become `folded` in the same line, and it takes the position of
 * the last one.
 */
export interface DigestRecord {
  /** Its own event id. */
  readonly id: string;
  readonly delivery: Delivery;
  readonly members: readonly Member[];
}

/** A fact about one open entry. */
export interface StateChange extends DeliveryProof {
  readonly id: string;
  readonly channel: string;
  readonly state: Exclude<State, "accepted" | "folded">;
  /** For `sent`: true when no receipt is expected. The other states imply it. */
  readonly final?: boolean;
  readonly session?: string;
  /** How many times it was or is being sent, from 1. Absent: unchanged. */
  readonly attempt?: number;
  /** One line for `why`. */
  readonly reason?: string;
}

interface Stamp {
  readonly timeMs: number;
}

/** `text` is absent when it is `data` itself (a string) or `data` as JSON. */
export type StoredEvent = Omit<RouterEvent, "text"> & { readonly text?: string };

/**
 * The first line of each segment. Of the segment `after`, only the first `bytes` count; the bytes after them
 * were given up.
 */
export interface SegmentLine extends Stamp {
  readonly type: "segment";
  readonly epoch: number;
  readonly seq: number;
  /** Identifies the boot of the machine. Written since 0.1.0, absent where the system has none. */
  readonly boot?: string;
  readonly after?: {
    readonly epoch: number;
    readonly seq: number;
    readonly bytes: number;
    /** How many events and digests were accepted in it. */
    readonly events?: number | undefined;
  };
}

export interface EventLine extends Stamp {
  readonly type: "event";
  readonly event: StoredEvent;
  readonly deliveries: readonly Delivery[];
  readonly memory: readonly MemoryWrite[];
  readonly moved?: MoveRecord;
}

export interface DigestLine extends Stamp, DigestRecord {
  readonly type: "digest";
  readonly moved?: MoveRecord;
}

/** Of a line that was written again because part of it still waits, so that its old segment can be deleted. */
export interface MoveRecord {
  readonly acceptedMs: number;
  /** The waiting entries as they were then: recovery needs them if everything before this line is gone. */
  readonly entries: readonly (DeliveryProof & {
    readonly channel: string;
    readonly state: State;
    readonly session?: string;
    readonly attempt: number;
  })[];
}

export interface StateLine extends Stamp, StateChange {
  readonly type: "state";
  readonly final: boolean;
  /**
   * Of a final change: how far the delivery had got before, because its record ends with this line and the lines that
   * proved it may be gone. Absent while it was only accepted.
   */
  readonly mark?: Exclude<Mark, "accepted">;
}

export interface CursorLine extends Stamp {
  readonly type: "cursor";
  readonly source: string;
  readonly value: Json;
}

/** A small value that must survive its leader: a silence, an open permission prompt. `null` removes it. */
export interface NoteLine extends Stamp {
  readonly type: "note";
  readonly kind: string;
  readonly key: string;
  readonly value: Json;
  readonly untilMs?: number;
}

/** Proof of how far an event got that comes without a change of its state, or after its end. */
export interface ProofRecord extends DeliveryProof {
  readonly id: string;
  /** Absent: on all its channels. */
  readonly channel?: string;
  readonly session: string;
}

export interface ProofLine extends Stamp, ProofRecord {
  readonly type: "proof";
}

/**
 * What a call of a sink did; `id` is the event that it answered, which counts as read. It changes no state: it is only for
 * reading.
 */
export interface CallLine extends Stamp {
  readonly type: "call";
  readonly id?: string;
  readonly session: string;
  /** One line for `why`. */
  readonly text: string;
}

export type Line =
  | SegmentLine
  | EventLine
  | DigestLine
  | StateLine
  | CursorLine
  | NoteLine
  | CallLine
  | ProofLine;

/** The span of a line: segment number (of this process), offset and length in bytes without the line feed. */
export interface LineSpan {
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

/** True when this state is final. */
export function isFinal(change: Pick<StateChange, "state" | "final">): boolean {
  return change.state === "sent" ? change.final === true : change.state !== "held";
}
