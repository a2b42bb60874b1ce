// What a channel asks of shaping, as the plan has proven it, and what one event brings along. Both are plain data: options are
// compared to see whether a reload changed them, terms stand in the journal.

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
  /** Where its cadence is remembered: (channel, digest, these options). */
  readonly scope: string;
}

/** Why events were put together. */
export type Reason = "throttle" | "digest" | "quiet" | "hour";

/** What admission found out for shaping. A type, not an interface: it must be assignable to a JSON object. */
export type ShapingTerms = {
  /** When the event arrived. */
  readonly atMs: number;
  /** It is over the limit of its window, which closes then. */
  readonly throttled?: { readonly key: string; readonly untilMs: number };
  /** The key of the digest that it belongs to. */
  readonly digest?: string;
  readonly supersede?: string;
  /** It is a digest. */
  readonly sums?: SumTerms;
};

export type SumTerms = {
  readonly reason: Reason;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** The newest few, oldest first. */
  readonly lines: { readonly id: string; readonly atMs: number; readonly line: string }[];
  /** Made of a group that went on growing: it is a member of it in its turn. */
  readonly part?: true;
};
