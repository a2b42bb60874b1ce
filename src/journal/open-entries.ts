// The entries that are not at their end yet, in RAM: what dispatch asks for, page by page and in order. Bodies stay on disk.
// Knows nothing of files; whoever feeds it decides what is true.

import { type Place, type Priority, priorities, type State, type StateChange, states } from "./records.ts";
import { createEntryRecords, double, none, recordBytes, unprovenBit, word } from "./table/entry-records.ts";
import { createIdTable } from "./table/id-table.ts";
import { createLanes } from "./table/lanes.ts";
import { createNames, type Names } from "./table/names.ts";

export interface OpenEntry {
  readonly id: string;
  readonly channel: string;
  /** Order among all open entries. A digest has its last member's. */
  readonly position: number;
  readonly state: State;
  /** The session it was last sent to or is held for. */
  readonly session?: string;
  /** 0 until it was sent. */
  readonly attempt: number;
  readonly priority: Priority;
  /** Anybody could have made its event. */
  readonly unproven?: true;
  /** When it came into this state. */
  readonly changedMs: number;
  readonly untilMs?: number;
  readonly place: Place;
}

export interface PageQuery {
  readonly channel?: string;
  readonly priority?: Priority;
  /** Absent: of both kinds. */
  readonly unproven?: boolean;
  readonly session?: string;
  readonly states?: readonly State[];
  /** Only entries behind this position. */
  readonly after?: number;
  readonly limit: number;
}

export interface NewEntry {
  readonly id: string;
  readonly channel: string;
  readonly priority?: Priority | undefined;
  readonly unproven?: boolean;
  readonly untilMs?: number | undefined;
  readonly timeMs: number;
  readonly place: Place;
}

export interface Expired {
  readonly entries: OpenEntry[];
  readonly next?: number;
}

/** How many entries one look for expired ones goes through. */
const maxLooks = 8_192;

export interface OpenEntries {
  /** False when this event is open on this channel already: the first one stands. `position` absent: behind all others. */
  add(entry: NewEntry, position?: number): boolean;
  has(id: string, channel: string): boolean;
  get(id: string, channel: string): OpenEntry | undefined;
  /** All entries of one event. */
  of(id: string): OpenEntry[];
  /** The new state is not final. False when the entry is not open. */
  change(change: StateChange, timeMs: number): boolean;
  remove(id: string, channel: string): OpenEntry | undefined;
  page(query: PageQuery): OpenEntry[];
  /**
   * Entries whose `untilMs` has come, in order of position, behind `after`. Looks at some thousands at a time: `next` says behind which
   * position to go on, and is absent when that was all. Costs nothing while none can have expired.
   */
  expired(nowMs: number, limit: number, after?: number): Expired;
  count(): number;
  /** What the lines of open entries take whose events anybody could have made. */
  unprovenBytes(): number;
  counts(): { readonly channel: string; readonly state: State; readonly count: number }[];
  /** The position that the next new entry gets. */
  nextPosition(): number;
  clear(): void;
  /** The bytes of the entries of one channel behind a position, and the last one's position; for snapshots. */
  dump(channel: number, after: number, before: number, limit: number): { bytes: Buffer; last: number };
  restore(bytes: Buffer, toSegment: (segment: number) => number | undefined): void;
  /** Before restoring: how many will come, and the position that the next new one gets. */
  expect(count: number, position: number): void;
  readonly channels: Names;
  readonly sessions: Names;
}

/** `onCount` hears of each entry that begins (+1) or ceases (-1) to stand in a segment. */
export function createOpenEntries(onCount: (segment: number, change: 1 | -1) => void): OpenEntries {
  const records = createEntryRecords();
  const ids = createIdTable(records);
  const lanes = createLanes(records);
  const channels = createNames();
  const sessions = createNames();
  /** By channel, then state. */
  const tally: Uint32Array[] = [];
  let count = 0;
  let unprovenBytes = 0;
  let nextPosition = 1;
  /** Of a search for expired entries: the earliest `untilMs` that it has passed, and that came in since it began. */
  let passed = Number.POSITIVE_INFINITY;
  let entered = Number.POSITIVE_INFINITY;
  /** No entry expires before this. */
  let earliestUntilMs = Number.POSITIVE_INFINITY;

  const channelOf = (slot: number) => records.getWord(slot, word.channel);
  const priorityOf = (status: number) => (status >>> 8) & 0x7f;
  const kindOf = (slot: number) => {
    const status = records.getWord(slot, word.status);
    return {
      channel: channelOf(slot),
      priority: priorityOf(status),
      unproven: (status & unprovenBit) !== 0,
    };
  };
  const stateOf = (slot: number) => records.getWord(slot, word.status) & 0xff;
  const positionOf = (slot: number) => records.getDouble(slot, double.position);

  function find(id: string, channelName: string): number {
    const channel = channels.find(channelName);
    let found = none;
    ids.find(id, (slot) => {
      if (channelOf(slot) !== channel) return false;
      found = slot;
      return true;
    });
    return found;
  }

  function addTally(slot: number, change: 1 | -1): void {
    const channel = channelOf(slot);
    tally[channel] ??= new Uint32Array(states.length);
    const row = tally[channel] as Uint32Array;
    row[stateOf(slot)] = (row[stateOf(slot)] as number) + change;
  }

  function enter(slot: number): void {
    ids.add(slot);
    const kind = kindOf(slot);
    if (kind.unproven) unprovenBytes += records.getWord(slot, word.length);
    lanes.add(slot, kind);
    addTally(slot, 1);
    count += 1;
    nextPosition = Math.max(nextPosition, positionOf(slot) + 1);
    const untilMs = records.getDouble(slot, double.untilMs);
    earliestUntilMs = Math.min(earliestUntilMs, untilMs);
    entered = Math.min(entered, untilMs);
    onCount(records.getWord(slot, word.segment), 1);
  }

  function leave(slot: number): void {
    ids.remove(slot);
    const kind = kindOf(slot);
    if (kind.unproven) unprovenBytes -= records.getWord(slot, word.length);
    lanes.remove(slot, kind);
    addTally(slot, -1);
    onCount(records.getWord(slot, word.segment), -1);
    records.free(slot);
    count -= 1;
    if (count > 0) return;
    // The only moment at which chunks can be given back without moving records.
    records.clear();
    ids.clear();
    lanes.clear();
    earliestUntilMs = Number.POSITIVE_INFINITY;
  }

  function view(slot: number): OpenEntry {
    const status = records.getWord(slot, word.status);
    const session = records.getWord(slot, word.session);
    const untilMs = records.getDouble(slot, double.untilMs);
    return {
      id: records.idOf(slot),
      channel: channels.at(channelOf(slot)),
      position: positionOf(slot),
      state: states[status & 0xff] as State,
      ...(session === none ? {} : { session: sessions.at(session) }),
      attempt: status >>> 16,
      priority: priorities[priorityOf(status)] as Priority,
      ...((status & unprovenBit) === 0 ? {} : { unproven: true }),
      changedMs: records.getDouble(slot, double.changedMs),
      ...(untilMs === Number.POSITIVE_INFINITY ? {} : { untilMs }),
      place: records.placeOf(slot),
    };
  }

  /** Walks the records behind `after` in order of position, over all lanes that are asked for. */
  function walk(after: number, of: ReturnType<typeof lanes.of>, visit: (slot: number) => boolean): void {
    const heads = of.map((lane) => lanes.seek(lane, after));
    for (;;) {
      let best = -1;
      for (let at = 0; at < heads.length; at++) {
        const head = heads[at] as number;
        if (head === none) continue;
        if (best === -1 || positionOf(head) < positionOf(heads[best] as number)) best = at;
      }
      if (best === -1) return;
      const slot = heads[best] as number;
      if (!visit(slot)) return;
      heads[best] = records.getWord(slot, word.next);
    }
  }

  return {
    add(entry, position = nextPosition) {
      if (find(entry.id, entry.channel) !== none) return false;
      const slot = records.take();
      records.setDouble(slot, double.position, position);
      records.setDouble(slot, double.changedMs, entry.timeMs);
      records.setDouble(slot, double.untilMs, entry.untilMs ?? Number.POSITIVE_INFINITY);
      records.setId(slot, entry.id);
      records.setWord(slot, word.segment, entry.place.segment);
      records.setWord(slot, word.offset, entry.place.offset);
      records.setWord(slot, word.length, entry.place.length);
      records.setWord(slot, word.channel, channels.intern(entry.channel));
      records.setWord(slot, word.session, none);
      const priority = priorities.indexOf(entry.priority ?? "normal") << 8;
      records.setWord(slot, word.status, priority | (entry.unproven === true ? unprovenBit : 0));
      enter(slot);
      return true;
    },
    has: (id, channel) => find(id, channel) !== none,
    get(id, channel) {
      const slot = find(id, channel);
      return slot === none ? undefined : view(slot);
    },
    of(id) {
      const found: OpenEntry[] = [];
      ids.find(id, (slot) => {
        found.push(view(slot));
        return false;
      });
      return found;
    },
    change({ id, channel, state, session, attempt }, timeMs) {
      const slot = find(id, channel);
      if (slot === none) return false;
      addTally(slot, -1);
      const status = records.getWord(slot, word.status);
      const attempts = Math.min(attempt ?? status >>> 16, 0xffff);
      // Shifting into the sign bit is harmless: the field is stored unsigned.
      records.setWord(slot, word.status, (status & 0xff00) | states.indexOf(state) | (attempts << 16));
      if (session !== undefined) records.setWord(slot, word.session, sessions.intern(session));
      records.setDouble(slot, double.changedMs, timeMs);
      addTally(slot, 1);
      return true;
    },
    remove(id, channel) {
      const slot = find(id, channel);
      if (slot === none) return undefined;
      const entry = view(slot);
      leave(slot);
      return entry;
    },
    page({ channel, priority, unproven, session, states: wanted, after = 0, limit }) {
      const found: OpenEntry[] = [];
      const channelNumber = channel === undefined ? undefined : channels.find(channel);
      const sessionNumber = session === undefined ? undefined : sessions.find(session);
      const mask = wanted?.reduce((bits, state) => bits | (1 << states.indexOf(state)), 0);
      if (channelNumber === -1 || sessionNumber === -1 || limit < 1) return found;
      const of = lanes.of({
        channel: channelNumber,
        priority: priority === undefined ? undefined : priorities.indexOf(priority),
        unproven,
      });
      // A state that a channel has no entry in must not cost a walk over all its others.
      const worth = of.filter(
        (lane) =>
          mask === undefined || tally[lane.channel]?.some((n, state) => n > 0 && (mask >>> state) & 1),
      );
      walk(after, worth, (slot) => {
        const fits =
          (mask === undefined || ((mask >>> stateOf(slot)) & 1) === 1) &&
          (sessionNumber === undefined || records.getWord(slot, word.session) === sessionNumber);
        if (fits) found.push(view(slot));
        return found.length < limit;
      });
      return found;
    },
    expired(nowMs, limit, after = 0) {
      const entries: OpenEntry[] = [];
      if (nowMs < earliestUntilMs) return { entries };
      if (after === 0) {
        passed = Number.POSITIVE_INFINITY;
        entered = Number.POSITIVE_INFINITY;
      }
      let looks = 0;
      let next: number | undefined;
      walk(after, lanes.of(), (slot) => {
        const untilMs = records.getDouble(slot, double.untilMs);
        if (untilMs <= nowMs) entries.push(view(slot));
        passed = Math.min(passed, untilMs);
        looks += 1;
        if (entries.length < limit && looks < maxLooks) return true;
        next = positionOf(slot);
        return false;
      });
      if (next !== undefined) return { entries, next };
      earliestUntilMs = Math.min(passed, entered);
      return { entries };
    },
    count: () => count,
    unprovenBytes: () => unprovenBytes,
    counts: () =>
      tally.flatMap((row, channel) =>
        [...row].flatMap((n, state) =>
          n === 0 ? [] : [{ channel: channels.at(channel), state: states[state] as State, count: n }],
        ),
      ),
    nextPosition: () => nextPosition,
    clear() {
      for (const lane of lanes.of()) while (lane.first !== none) leave(lane.first);
    },
    dump(channel, after, before, limit) {
      const slots: number[] = [];
      walk(after, lanes.of({ channel }), (slot) => {
        if (positionOf(slot) >= before) return false;
        slots.push(slot);
        return slots.length < limit;
      });
      const last = slots.at(-1);
      return {
        bytes: Buffer.concat(slots.map((slot) => records.bytesOf(slot))),
        last: last === undefined ? after : positionOf(last),
      };
    },
    restore(bytes, toSegment) {
      for (let start = 0; start + recordBytes <= bytes.length; start += recordBytes) {
        const slot = records.take();
        records.bytesOf(slot).set(bytes.subarray(start, start + recordBytes));
        const segment = toSegment(records.getWord(slot, word.segment));
        if (segment === undefined) {
          records.free(slot);
          continue;
        }
        records.setWord(slot, word.segment, segment);
        enter(slot);
      }
    },
    expect(expected, position) {
      ids.reserve(count + expected);
      nextPosition = Math.max(nextPosition, position);
    },
    channels,
    sessions,
  };
}
