// What waits for a session to be fetched with `pending` and is not pushed to it. Other rooms can end an entry
// without notice, so the count checks the entries that it knows by name (the first 1,000); the rest it
// assumes to be open.

import type { Journal } from "../journal/journal.ts";
import type { Member } from "../journal/records.ts";
import { createPositionSet, type PositionSet } from "../journal/table/position-set.ts";
import { findEntry, isUnsent } from "./entries.ts";

const maxNamed = 1_000;

export interface WaitingList {
  /** `isOurs`: it waits for this session alone, because it is for one session and this is the one. */
  add(position: number, entry: Member, isOurs: boolean): void;
  has(position: number): boolean;
  /** It waits for this session alone. */
  isOurs(position: number): boolean;
  delete(position: number): void;
  /** How many still wait. */
  count(): number;
  ranges: PositionSet["ranges"];
  clear(): void;
}

export function createWaitingList(journal: Pick<Journal, "entries">): WaitingList {
  const positions = createPositionSet();
  const ours = createPositionSet();
  const named = new Map<number, Member>();

  function drop(position: number): void {
    positions.delete(position);
    ours.delete(position);
    named.delete(position);
  }

  return {
    add(position, { id, channel }, isOurs) {
      if (isOurs) ours.add(position);
      if (positions.add(position) && named.size < maxNamed) named.set(position, { id, channel });
    },
    has: positions.has,
    isOurs: ours.has,
    ranges: positions.ranges,
    delete: drop,
    count() {
      for (const [position, member] of named) {
        const entry = findEntry(journal, member);
        if (entry !== undefined && isUnsent(entry)) continue;
        drop(position);
      }
      return positions.size;
    },
    clear() {
      positions.clear();
      ours.clear();
      named.clear();
    },
  };
}
