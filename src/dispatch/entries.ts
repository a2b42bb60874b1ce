// Small questions about open entries that every part of dispatch asks.

import type { Journal } from "../journal/journal.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import type { Delivery, Member, State, StateChange } from "../journal/records.ts";
import { isUnproven } from "../key-parts.ts";

/** The states from which an entry can be pushed or fetched. */
export const unsent: readonly State[] = ["accepted", "held"];

export function isUnsent({ state }: OpenEntry): boolean {
  return state === "accepted" || state === "held";
}

/** What decides in which lane of a session a new entry is read. */
export interface EntryKind {
  readonly isHigh: boolean;
  readonly unproven: boolean;
}

export function kindOf({ priority, meta }: Pick<Delivery, "priority" | "meta">): EntryKind {
  return { isHigh: priority === "high", unproven: isUnproven(meta.trust) };
}

export function isSameKind(one: EntryKind, other: EntryKind): boolean {
  return one.isHigh === other.isHigh && one.unproven === other.unproven;
}

export function isPast({ untilMs }: OpenEntry, nowMs: number): boolean {
  return untilMs !== undefined && untilMs <= nowMs;
}

export function keyOf({ id, channel }: Member): string {
  return `${id}/${channel}`;
}

export function findEntry(journal: Pick<Journal, "entries">, { id, channel }: Member): OpenEntry | undefined {
  return journal.entries(id).find((entry) => entry.channel === channel);
}

export type FinalState = Omit<StateChange, "id" | "channel">;
