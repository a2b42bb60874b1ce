// An event on a channel, as shaping sees it: its identity, and what a digest inherits from it.

import type { StoredShaping } from "./options.ts";

export interface Member {
  readonly id: string;
  readonly channel: string;
}

export interface ShapedEntry extends Member {
  readonly position: number;
  readonly priority: "low" | "normal" | "high";
  readonly untilMs?: number;
  /** 0 until it was, perhaps, sent. */
  readonly attempt: number;
  readonly tokens: number;
  readonly meta: Readonly<Record<string, string>>;
  readonly shaping: StoredShaping;
  readonly options: GroupOptions;
}

/** Delivery options that a digest inherits. */
export interface GroupOptions {
  readonly source: string;
  /** As JSON: only events for the same sessions are combined in one digest. */
  readonly to: string;
  readonly receipt?: { readonly ackWithinMs: number; readonly attempts: number };
  readonly conversation?: string;
  readonly thread?: string;
  readonly unproven?: true;
  readonly configFile?: string;
}
