// The order of open entries: one doubly linked list for each channel, priority and whether anybody could have made the event, by
// position. A position is where an entry came into the journal, counted in entries, never a time: clocks go back.

import { double, type EntryRecords, none, word } from "./entry-records.ts";

/** What the entries of one lane have in common. */
export interface LaneKind {
  readonly channel: number;
  readonly priority: number;
  readonly unproven: boolean;
}

export interface Lane extends LaneKind {
  first: number;
  last: number;
  length: number;
  /** Where the last page ended, so that the next one need not begin at the front. */
  bookmark: { readonly slot: number; readonly position: number } | undefined;
}

export interface Lanes {
  /** Links the record into its lane at its position: nearly always the end. */
  add(slot: number, kind: LaneKind): void;
  remove(slot: number, kind: LaneKind): void;
  /** The lanes that hold anything and are of this kind, as far as it is said. */
  of(kind?: { readonly [K in keyof LaneKind]?: LaneKind[K] | undefined }): Lane[];
  /** The first record of the lane behind this position. */
  seek(lane: Lane, after: number): number;
  clear(): void;
}

export function createLanes(records: EntryRecords): Lanes {
  const lanes = new Map<number, Lane>();
  const keyOf = ({ channel, priority, unproven }: LaneKind) => channel * 8 + (unproven ? 4 : 0) + priority;
  const positionOf = (slot: number) => records.getDouble(slot, double.position);

  function link(lane: Lane, slot: number, before: number, after: number): void {
    records.setWord(slot, word.previous, before);
    records.setWord(slot, word.next, after);
    if (before === none) lane.first = slot;
    else records.setWord(before, word.next, slot);
    if (after === none) lane.last = slot;
    else records.setWord(after, word.previous, slot);
  }

  return {
    add(slot, kind) {
      const key = keyOf(kind);
      const lane = lanes.get(key) ?? {
        ...kind,
        first: none,
        last: none,
        length: 0,
        bookmark: undefined,
      };
      lanes.set(key, lane);
      let before = lane.last;
      let after = none;
      while (before !== none && positionOf(before) > positionOf(slot)) {
        after = before;
        before = records.getWord(before, word.previous);
      }
      link(lane, slot, before, after);
      lane.length += 1;
    },
    remove(slot, kind) {
      const lane = lanes.get(keyOf(kind)) as Lane;
      const before = records.getWord(slot, word.previous);
      const after = records.getWord(slot, word.next);
      if (before === none) lane.first = after;
      else records.setWord(before, word.next, after);
      if (after === none) lane.last = before;
      else records.setWord(after, word.previous, before);
      lane.length -= 1;
      if (lane.bookmark?.slot === slot) lane.bookmark = undefined;
    },
    of: ({ channel, priority, unproven } = {}) =>
      [...lanes.values()].filter(
        (lane) =>
          lane.length > 0 &&
          (channel === undefined || lane.channel === channel) &&
          (priority === undefined || lane.priority === priority) &&
          (unproven === undefined || lane.unproven === unproven),
      ),
    seek(lane, after) {
      const { bookmark } = lane;
      let slot = bookmark !== undefined && bookmark.position <= after ? bookmark.slot : lane.first;
      while (slot !== none && positionOf(slot) <= after) slot = records.getWord(slot, word.next);
      return slot;
    },
    clear: () => lanes.clear(),
  };
}
