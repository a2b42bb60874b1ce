// The order of open entries: one doubly linked list by position for each channel, priority and whether
// anybody could have made the event. A position is where an entry came into the journal, counted in entries,
// never a time: clocks go back.

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
  /**
   * One record for each stretch of positions that is not empty, so that a page need not start at the front:
   * many scans go through a million records at once, each at its own position.
   */
  readonly stretches: Map<number, number>;
}

const stretchSize = 1_024;
/** In a shorter lane, starting at the front is fast enough. */
const shortLane = 4_096;

export interface Lanes {
  /** Links the record into its lane at its position, which is nearly always the end. */
  add(slot: number, channel: number, priority: number, unproven: boolean): void;
  remove(slot: number, kind: LaneKind): void;
  /** The lanes that are not empty and match this kind. */
  of(kind?: { readonly [K in keyof LaneKind]?: LaneKind[K] | undefined }): Lane[];
  /** The first record of the lane behind this position. */
  seek(lane: Lane, after: number): number;
  clear(): void;
}

export function createLanes(records: EntryRecords): Lanes {
  const lanes = new Map<number, Lane>();
  const keyOf = (channel: number, priority: number, unproven: boolean) =>
    channel * 8 + (unproven ? 4 : 0) + priority;
  const positionOf = (slot: number) => records.getDouble(slot, double.position);

  const stretchOf = (slot: number) => Math.floor(positionOf(slot) / stretchSize);

  /** The record of a stretch is removed: a neighbour replaces it, if there is one. */
  function replace({ stretches }: Lane, slot: number, neighbours: readonly number[]): void {
    const stretch = stretchOf(slot);
    if (stretches.get(stretch) !== slot) return;
    const heir = neighbours.find((other) => other !== none && stretchOf(other) === stretch);
    if (heir === undefined) stretches.delete(stretch);
    else stretches.set(stretch, heir);
  }

  function link(lane: Lane, slot: number, before: number, after: number): void {
    records.setWord(slot, word.previous, before);
    records.setWord(slot, word.next, after);
    if (before === none) lane.first = slot;
    else records.setWord(before, word.next, slot);
    if (after === none) lane.last = slot;
    else records.setWord(after, word.previous, slot);
  }

  function laneOf(channel: number, priority: number, unproven: boolean): Lane {
    const key = keyOf(channel, priority, unproven);
    let lane = lanes.get(key);
    if (lane === undefined) {
      lane = { channel, priority, unproven, first: none, last: none, length: 0, stretches: new Map() };
      lanes.set(key, lane);
    }
    return lane;
  }

  function addTo(lane: Lane, slot: number): void {
    const position = positionOf(slot);
    let before = lane.last;
    let after = none;
    while (before !== none && positionOf(before) > position) {
      after = before;
      before = records.getWord(before, word.previous);
    }
    link(lane, slot, before, after);
    const stretch = Math.floor(position / stretchSize);
    // Nearly always in the same stretch as its neighbor.
    if ((before === none || stretchOf(before) !== stretch) && !lane.stretches.has(stretch))
      lane.stretches.set(stretch, slot);
    lane.length += 1;
  }

  return {
    add: (slot, channel, priority, unproven) => addTo(laneOf(channel, priority, unproven), slot),
    remove(slot, { channel, priority, unproven }) {
      const lane = lanes.get(keyOf(channel, priority, unproven)) as Lane;
      const before = records.getWord(slot, word.previous);
      const after = records.getWord(slot, word.next);
      if (before === none) lane.first = after;
      else records.setWord(before, word.next, after);
      if (after === none) lane.last = before;
      else records.setWord(after, word.previous, before);
      lane.length -= 1;
      replace(lane, slot, [before, after]);
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
      let slot = lane.first;
      if (lane.length > shortLane && after > positionOf(lane.first)) {
        const first = stretchOf(lane.first);
        for (let stretch = Math.floor(after / stretchSize); stretch > first; stretch--) {
          const known = lane.stretches.get(stretch);
          if (known === undefined || positionOf(known) > after) continue;
          slot = known;
          break;
        }
      }
      while (slot !== none && positionOf(slot) <= after) slot = records.getWord(slot, word.next);
      return slot;
    },
    clear: () => lanes.clear(),
  };
}
