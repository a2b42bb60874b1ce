// The order of open entries: one doubly linked list for each channel and priority, by position. A position is where an
// entry came into the journal, counted in entries, never a time: clocks go back.

import { double, type EntryRecords, none, word } from "./entry-records.ts";

export interface Lane {
  readonly channel: number;
  readonly priority: number;
  first: number;
  last: number;
  length: number;
  /** Where the last page ended, so that the next one need not begin at the front. */
  bookmark: { readonly slot: number; readonly position: number } | undefined;
}

export interface Lanes {
  /** Links the record into its lane at its position: nearly always the end. */
  add(slot: number, channel: number, priority: number): void;
  remove(slot: number, channel: number, priority: number): void;
  /** The lanes that hold anything, of one channel and priority or of all. */
  of(channel?: number, priority?: number): Lane[];
  /** The first record of the lane behind this position. */
  seek(lane: Lane, after: number): number;
  clear(): void;
}

export function createLanes(records: EntryRecords): Lanes {
  const lanes = new Map<number, Lane>();
  const keyOf = (channel: number, priority: number) => channel * 4 + priority;
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
    add(slot, channel, priority) {
      const key = keyOf(channel, priority);
      const lane = lanes.get(key) ?? {
        channel,
        priority,
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
    remove(slot, channel, priority) {
      const lane = lanes.get(keyOf(channel, priority)) as Lane;
      const before = records.getWord(slot, word.previous);
      const after = records.getWord(slot, word.next);
      if (before === none) lane.first = after;
      else records.setWord(before, word.next, after);
      if (after === none) lane.last = before;
      else records.setWord(after, word.previous, before);
      lane.length -= 1;
      if (lane.bookmark?.slot === slot) lane.bookmark = undefined;
    },
    of: (channel, priority) =>
      [...lanes.values()].filter(
        (lane) =>
          lane.length > 0 &&
          (channel === undefined || lane.channel === channel) &&
          (priority === undefined || lane.priority === priority),
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
