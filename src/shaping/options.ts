// What a channel requires of shaping, as proven by the plan, and what one event adds. Both are plain data:
// options are compared to see whether a reload changed them, terms are stored in the journal.

import type { QuietWindow } from "./quiet.ts";

export interface ShapingOptions {
  readonly throttle?: ThrottleOptions;
  readonly digest?: DigestOptions;
  readonly supersedes: boolean;
  readonly quiet: readonly QuietWindow[];
  /** Tokens of this channel that one session may be sent in an hour. */
  readonly hour?: number;
  /** Tokens of one event, and so of a digest. */
  readonly budget: number;
}

export interface ThrottleOptions {
  readonly max: number;
  readonly perMs: number;
  readonly overflow: "digest" | "drop";
}

export interface DigestOptions {
  readonly everyMs: number;
  readonly waitMs: number;
  readonly max?: number;
  /** The scope of its cadence: (channel, digest, these options). */
  readonly scope: string;
}

/** Why events were combined. */
export type Reason = "throttle" | "digest" | "quiet" | "hour";

/**
 * What admission determined for shaping. A type, not an interface: it must be assignable to a JSON object.
 */
export type StoredShaping = {
  /** When the event arrived. */
  readonly atMs: number;
  /** It is over the limit of its window, which closes then. */
  readonly throttled?: { readonly key: string; readonly untilMs: number };
  /** The key of its digest. */
  readonly digest?: string;
  readonly supersede?: string;
  /** It is a digest. */
  readonly sums?: SumOptions;
};

export type SumOptions = {
  readonly reason: Reason;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** The newest few, oldest first. */
  readonly lines: { readonly id: string; readonly atMs: number; readonly line: string }[];
  /** Made of a group that kept growing: it is a member of that group itself. */
  readonly part?: true;
};
