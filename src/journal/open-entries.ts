// Open entries, which have no final state yet, in RAM: dispatch reads them page by page and in order. Bodies
// stay on disk. Knows nothing of files; the caller decides what is true.

import type { Mark } from "../contract.ts";
import { furthest, markOf, marks } from "./mark.ts";
import {
  type LineSpan,
  type Priority,
  type ProofRecord,
  priorities,
  type State,
  type StateChange,
  states,
} from "./records.ts";
import {
  double,
  EntryRecords,
  markShift,
  none,
  recordBytes,
  unprovenBit,
  word,
} from "./table/entry-records.ts";
import { createIdTable, type IdTable } from "./table/id-table.ts";
import { createLanes, type Lanes } from "./table/lanes.ts";
import { createNames } from "./table/names.ts";

export interface OpenEntry {
  readonly id: string;
  readonly channel: string;
  /** Order among all open entries. A digest has the position of its last member. */
  readonly position: number;
  readonly state: State;
  /** The session it was last sent to or is held for. */
  readonly session?: string;
  /** 0 until it was sent. */
  readonly attempt: number;
  /** How far any attempt got; absent while it is only accepted. */
  readonly mark?: Exclude<Mark, "accepted">;
  readonly priority: Priority;
  /** Anybody could have made its event. */
  readonly unproven?: true;
  /** When it entered this state. */
  readonly changedMs: number;
  readonly untilMs?: number;
  readonly span: LineSpan;
}

export interface PageQuery {
  readonly channel?: string;
  readonly priority?: Priority;
  /** Absent: both kinds. */
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
  readonly span: LineSpan;
}

export interface ExpiredEntry {
  readonly entries: OpenEntry[];
  readonly next?: number;
}

export interface Deadlines {
  readonly untilMs: readonly number[];
  /** The position to continue behind; absent when that was all. */
  readonly next?: number;
}

/** How many entries one scan for deadlines or expired entries examines. */
const maxLooks = 8_192;
/** The same for a scan that only compares one field. */
const maxRecordLooks = 65_536;

export class OpenEntries {
  readonly #onCount: (segment: number, change: 1 | -1, bytes: number) => void;
  readonly #records = new EntryRecords();
  readonly #ids: IdTable;
  readonly #lanes: Lanes;
  readonly channels = createNames();
  readonly sessions = createNames();
  /** By channel, then state. */
  readonly #tally: Uint32Array[] = [];
  #count = 0;
  #unprovenBytes = 0;
  #nextPosition = 1;
  /**
   * Of a scan for expired entries: the earliest `untilMs` that it has passed, and of entries added since it
   * began.
   */
  #passed = Number.POSITIVE_INFINITY;
  #entered = Number.POSITIVE_INFINITY;
  /** No entry expires before this. */
  #earliestUntilMs = Number.POSITIVE_INFINITY;

  /** `onCount` is called for each entry that is added to (+1) or removed from (-1) a segment, with the length of its line. */
  constructor(onCount: (segment: number, change: 1 | -1, bytes: number) => void) {
    this.#onCount = onCount;
    this.#ids = createIdTable(this.#records);
    this.#lanes = createLanes(this.#records);
  }

  /**
   * False when this event is already open on this channel: the first one counts. `position` absent: after all
   * others.
   */
  add(entry: NewEntry, position: number = this.#nextPosition): boolean {
    if (this.#find(entry.id, entry.channel) !== none) return false;
    const slot = this.#records.take();
    const priority = priorities.indexOf(entry.priority ?? "normal") << 8;
    this.#records.write(slot, entry.id, {
      position,
      changedMs: entry.timeMs,
      untilMs: entry.untilMs ?? Number.POSITIVE_INFINITY,
      channel: this.channels.intern(entry.channel),
      session: none,
      status: priority | (entry.unproven === true ? unprovenBit : 0),
      span: entry.span,
    });
    this.#enter(slot);
    return true;
  }

  has(id: string, channel: string): boolean {
    return this.#find(id, channel) !== none;
  }

  get(id: string, channel: string): OpenEntry | undefined {
    const slot = this.#find(id, channel);
    return slot === none ? undefined : this.#view(slot);
  }

  /** All entries of one event. */
  of(id: string): OpenEntry[] {
    const found: OpenEntry[] = [];
    this.#ids.find(id, (slot) => {
      found.push(this.#view(slot));
      return false;
    });
    return found;
  }

  /** The new state is not final. Returns how far the entry had got; undefined when it is not open. */
  change(change: StateChange, timeMs: number): Mark | undefined {
    const { id, channel, state, session, attempt } = change;
    const slot = this.#find(id, channel);
    if (slot === none) return undefined;
    const before = this.#markOf(this.#records.getWord(slot, word.status));
    this.#addTally(slot, -1);
    this.#raise(slot, markOf(change));
    const status = this.#records.getWord(slot, word.status);
    const attempts = Math.min(attempt ?? status >>> 16, 0xffff);
    // Shifting into the sign bit is harmless: the field is stored unsigned.
    this.#records.setWord(slot, word.status, (status & 0xff00) | states.indexOf(state) | (attempts << 16));
    if (session !== undefined) this.#records.setWord(slot, word.session, this.sessions.intern(session));
    this.#records.setDouble(slot, double.changedMs, timeMs);
    this.#addTally(slot, 1);
    return before;
  }

  /** Without a channel, on all channels on which it is open. */
  prove({ id, channel, ...proof }: Omit<ProofRecord, "session">): void {
    const only = channel === undefined ? undefined : this.#find(id, channel);
    this.#ids.find(id, (slot) => {
      if (only === undefined || slot === only) this.#raise(slot, markOf(proof));
      return false;
    });
  }

  /** Its line was written again here. False when the entry is not open. */
  move(id: string, channel: string, span: LineSpan): boolean {
    const slot = this.#find(id, channel);
    if (slot === none) return false;
    const length = this.#records.getWord(slot, word.length);
    this.#onCount(this.#records.getWord(slot, word.segment), -1, length);
    if (this.#kindOf(slot).unproven) this.#unprovenBytes += span.length - length;
    this.#records.setWord(slot, word.segment, span.segment);
    this.#records.setWord(slot, word.offset, span.offset);
    this.#records.setWord(slot, word.length, span.length);
    this.#onCount(span.segment, 1, span.length);
    return true;
  }

  remove(id: string, channel: string): OpenEntry | undefined {
    const slot = this.#find(id, channel);
    if (slot === none) return undefined;
    const entry = this.#view(slot);
    this.#leave(slot);
    return entry;
  }

  page({ channel, priority, unproven, session, states: wanted, after = 0, limit }: PageQuery): OpenEntry[] {
    const found: OpenEntry[] = [];
    const channelNumber = channel === undefined ? undefined : this.channels.find(channel);
    const sessionNumber = session === undefined ? undefined : this.sessions.find(session);
    const mask = wanted?.reduce((bits, state) => bits | (1 << states.indexOf(state)), 0);
    if (channelNumber === -1 || sessionNumber === -1 || limit < 1) return found;
    const of = this.#lanes.of({
      channel: channelNumber,
      priority: priority === undefined ? undefined : priorities.indexOf(priority),
      unproven,
    });
    // A state without entries in a channel must not cost a scan of all its others.
    const worth = of.filter(
      (lane) =>
        mask === undefined || this.#tally[lane.channel]?.some((n, state) => n > 0 && (mask >>> state) & 1),
    );
    this.#walk(after, worth, (slot) => {
      const fits =
        (mask === undefined || ((mask >>> this.#stateOf(slot)) & 1) === 1) &&
        (sessionNumber === undefined || this.#records.getWord(slot, word.session) === sessionNumber);
      if (fits) found.push(this.#view(slot));
      return found.length < limit;
    });
    return found;
  }

  /**
   * Entries whose `untilMs` has passed, in order of position, after `after`. Examines some thousands at a
   * time: `next` is the position to continue after, absent when the scan is complete. Costs nothing while
   * none can have expired.
   */
  expired(nowMs: number, limit: number, after: number = 0): ExpiredEntry {
    const entries: OpenEntry[] = [];
    if (nowMs < this.#earliestUntilMs) return { entries };
    if (after === 0) {
      this.#passed = Number.POSITIVE_INFINITY;
      this.#entered = Number.POSITIVE_INFINITY;
    }
    let looks = 0;
    let next: number | undefined;
    this.#walk(after, this.#lanes.of(), (slot) => {
      const untilMs = this.#records.getDouble(slot, double.untilMs);
      if (untilMs <= nowMs) entries.push(this.#view(slot));
      this.#passed = Math.min(this.#passed, untilMs);
      looks += 1;
      if (entries.length < limit && looks < maxLooks) return true;
      next = this.#positionOf(slot);
      return false;
    });
    if (next !== undefined) return { entries, next };
    this.#earliestUntilMs = Math.min(this.#passed, this.#entered);
    return { entries };
  }

  /**
   * Entries accepted at or after `sinceMs` that nothing has happened to since, in order of position; a few thousand
   * are examined at a time, as for `expired`.
   */
  untouched(sinceMs: number, limit: number, after: number = 0): ExpiredEntry {
    const entries: OpenEntry[] = [];
    let looks = 0;
    let next: number | undefined;
    this.#walk(after, this.#lanes.of(), (slot) => {
      const isUntouched = this.#stateOf(slot) === 0 && this.#records.getWord(slot, word.status) >>> 16 === 0;
      if (isUntouched && this.#records.getDouble(slot, double.changedMs) >= sinceMs)
        entries.push(this.#view(slot));
      looks += 1;
      if (entries.length < limit && looks < maxLooks) return true;
      next = this.#positionOf(slot);
      return false;
    });
    return next === undefined ? { entries } : { entries, next };
  }

  /**
   * Entries whose line is in this segment, in no order, some thousands examined at a time. `next`: where to continue, absent at the end. Entries
   * that are added meanwhile are in a later segment.
   */
  inSegment(segment: number, limit: number, from: number = 0): ExpiredEntry {
    const entries: OpenEntry[] = [];
    const end = this.#records.end();
    // By record, and not by lane: to merge many lanes of a large backlog takes seconds.
    for (let slot = from; slot < end; slot++) {
      if (entries.length >= limit || slot - from >= maxRecordLooks) return { entries, next: slot };
      const isFree = this.#records.getWord(slot, word.length) === 0;
      if (!isFree && this.#records.getWord(slot, word.segment) === segment) entries.push(this.#view(slot));
    }
    return { entries };
  }

  /** When entries expire, in order of position; some thousands at a time, as `expired` does. */
  deadlines(after: number = 0): Deadlines {
    const untilMs: number[] = [];
    let looks = 0;
    let next: number | undefined;
    this.#walk(after, this.#lanes.of(), (slot) => {
      const until = this.#records.getDouble(slot, double.untilMs);
      if (until !== Number.POSITIVE_INFINITY) untilMs.push(until);
      looks += 1;
      if (looks < maxLooks) return true;
      next = this.#positionOf(slot);
      return false;
    });
    return next === undefined ? { untilMs } : { untilMs, next };
  }

  count(): number {
    return this.#count;
  }

  /** The bytes of open entries whose events anybody could have made. */
  unprovenBytes(): number {
    return this.#unprovenBytes;
  }

  counts(): { readonly channel: string; readonly state: State; readonly count: number }[] {
    return this.#tally.flatMap((row, channel) =>
      [...row].flatMap((n, state) =>
        n === 0 ? [] : [{ channel: this.channels.at(channel), state: states[state] as State, count: n }],
      ),
    );
  }

  /** The position that the next new entry gets. */
  nextPosition(): number {
    return this.#nextPosition;
  }

  clear(): void {
    for (const lane of this.#lanes.of()) while (lane.first !== none) this.#leave(lane.first);
  }

  /** The bytes of the entries of one channel after a position, and the last one's position; for snapshots. */
  dump(channel: number, after: number, before: number, limit: number): { bytes: Buffer; last: number } {
    const slots: number[] = [];
    this.#walk(after, this.#lanes.of({ channel }), (slot) => {
      if (this.#positionOf(slot) >= before) return false;
      slots.push(slot);
      return slots.length < limit;
    });
    const last = slots.at(-1);
    return {
      bytes: Buffer.concat(slots.map((slot) => this.#records.bytesOf(slot))),
      last: last === undefined ? after : this.#positionOf(last),
    };
  }

  restore(bytes: Buffer, toSegment: (segment: number) => number): void {
    const first = this.#records.append(bytes);
    const end = first + Math.floor(bytes.length / recordBytes);
    for (let slot = first; slot < end; slot++) {
      this.#records.setWord(slot, word.segment, toSegment(this.#records.getWord(slot, word.segment)));
      this.#enter(slot);
    }
  }

  /** Drops the entries of a segment and returns how many there were. Scans all entries. */
  dropAllOf(segment: number): number {
    const slots: number[] = [];
    this.#walk(0, this.#lanes.of(), (slot) => {
      if (this.#records.getWord(slot, word.segment) === segment) slots.push(slot);
      return true;
    });
    for (const slot of slots) this.#leave(slot);
    return slots.length;
  }

  /** Before restoring: how many entries will be added, and the position of the next new one. */
  expect(expected: number, position: number): void {
    this.#ids.reserve(this.#count + expected);
    this.#nextPosition = Math.max(this.#nextPosition, position);
  }

  #channelOf(slot: number) {
    return this.#records.getWord(slot, word.channel);
  }

  #priorityOf(status: number) {
    return (status >>> 8) & 0x1f;
  }

  #markOf(status: number): Mark {
    return marks[(status >>> markShift) & 3] as Mark;
  }

  #raise(slot: number, mark: Mark): void {
    const status = this.#records.getWord(slot, word.status);
    const raised = marks.indexOf(furthest(this.#markOf(status), mark));
    this.#records.setWord(slot, word.status, (status & ~(3 << markShift)) | (raised << markShift));
  }

  #kindOf(slot: number) {
    const status = this.#records.getWord(slot, word.status);
    return {
      channel: this.#channelOf(slot),
      priority: this.#priorityOf(status),
      unproven: (status & unprovenBit) !== 0,
    };
  }

  #stateOf(slot: number) {
    return this.#records.getWord(slot, word.status) & 0xff;
  }

  #positionOf(slot: number) {
    return this.#records.getDouble(slot, double.position);
  }

  #find(id: string, channelName: string): number {
    const channel = this.channels.find(channelName);
    let found = none;
    this.#ids.find(id, (slot) => {
      if (this.#channelOf(slot) !== channel) return false;
      found = slot;
      return true;
    });
    return found;
  }

  #addTally(slot: number, change: 1 | -1): void {
    this.#tallyOf(this.#channelOf(slot), this.#stateOf(slot), change);
  }

  #tallyOf(channel: number, state: number, change: 1 | -1): void {
    this.#tally[channel] ??= new Uint32Array(states.length);
    const row = this.#tally[channel] as Uint32Array;
    row[state] = (row[state] as number) + change;
  }

  #enter(slot: number): void {
    this.#ids.add(slot);
    const { position, untilMs, channel, status, span } = this.#records.read(slot);
    const unproven = (status & unprovenBit) !== 0;
    if (unproven) this.#unprovenBytes += span.length;
    this.#lanes.add(slot, channel, this.#priorityOf(status), unproven);
    this.#tallyOf(channel, status & 0xff, 1);
    this.#count += 1;
    this.#nextPosition = Math.max(this.#nextPosition, position + 1);
    this.#earliestUntilMs = Math.min(this.#earliestUntilMs, untilMs);
    this.#entered = Math.min(this.#entered, untilMs);
    this.#onCount(span.segment, 1, span.length);
  }

  #leave(slot: number): void {
    this.#ids.remove(slot);
    const kind = this.#kindOf(slot);
    if (kind.unproven) this.#unprovenBytes -= this.#records.getWord(slot, word.length);
    this.#lanes.remove(slot, kind);
    this.#addTally(slot, -1);
    this.#onCount(this.#records.getWord(slot, word.segment), -1, this.#records.getWord(slot, word.length));
    this.#records.free(slot);
    this.#count -= 1;
    if (this.#count > 0) return;
    // The only time at which chunks can be freed without moving records.
    this.#records.clear();
    this.#ids.clear();
    this.#lanes.clear();
    this.#earliestUntilMs = Number.POSITIVE_INFINITY;
  }

  #view(slot: number): OpenEntry {
    const { position, changedMs, untilMs, channel, session, status, span } = this.#records.read(slot);
    const mark = this.#markOf(status);
    return {
      id: this.#records.idOf(slot),
      channel: this.channels.at(channel),
      position,
      state: states[status & 0xff] as State,
      ...(session === none ? {} : { session: this.sessions.at(session) }),
      attempt: status >>> 16,
      ...(mark === "accepted" ? {} : { mark }),
      priority: priorities[this.#priorityOf(status)] as Priority,
      ...((status & unprovenBit) === 0 ? {} : { unproven: true }),
      changedMs,
      ...(untilMs === Number.POSITIVE_INFINITY ? {} : { untilMs }),
      span,
    };
  }

  /** Visits the records after `after` in order of position, in all requested lanes. */
  #walk(after: number, of: ReturnType<Lanes["of"]>, visit: (slot: number) => boolean): void {
    const heads = of.map((lane) => this.#lanes.seek(lane, after));
    for (;;) {
      let best = -1;
      for (let at = 0; at < heads.length; at++) {
        const head = heads[at] as number;
        if (head === none) continue;
        if (best === -1 || this.#positionOf(head) < this.#positionOf(heads[best] as number)) best = at;
      }
      if (best === -1) return;
      const slot = heads[best] as number;
      if (!visit(slot)) return;
      heads[best] = this.#records.getWord(slot, word.next);
    }
  }
}
