// Small questions about open entries that every part of dispatch asks.

import type { Journal } from "../journal/journal.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import type { Member, State, StateChange } from "../journal/records.ts";

/** The states from which an entry can be pushed or fetched. */
export const unsent: readonly State[] = ["accepted", "held"];

export function isUnsent({ state }: OpenEntry): boolean {
  return state === "accepted" || state === "held";
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
