// What is known of each segment file: how far it counts, which event ids it holds, how many open entries are
// in it.

import { isMissing } from "../files/disk.ts";
import { compareOrder, type JournalFile, type Order } from "./files.ts";
import { decodeLine } from "./line-format.ts";
import { readLines } from "./line-reader.ts";
import type { SegmentLine } from "./records.ts";

export interface Segment extends Order {
  /** The number that spans refer to; local to this process. */
  readonly number: number;
  readonly path: string;
  /** The end of what counts. The bytes after it were given up. */
  bytes: number;
  /** The lowest and the highest event id; undefined while it holds no event. */
  firstId: string | undefined;
  lastId: string | undefined;
  /** When its latest line was written, by the clock of that time. */
  lastMs: number;
  /** How many events and digests were accepted in it; undefined when an earlier version did not count them. */
  events?: number | undefined;
  /** The boot of the machine that its writer ran on; undefined when unknown. */
  boot?: string | undefined;
  /** How many of its lines this version does not understand: with any it is kept. */
  unknown?: number | undefined;
  /** Open entries, and the bytes of their lines. A line with several open entries counts once for each. */
  open: number;
  openBytes: number;
}

/** The number of each segment that a snapshot names and that is no longer in the folder. */
export const goneSegment = 0xffff_ffff;

export type KnownSegment = Omit<Segment, "number" | "path" | "open" | "openBytes">;

export interface Segments {
  add(segment: KnownSegment & { readonly path: string }): Segment;
  get(number: number): Segment | undefined;
  /** In order. */
  all(): Segment[];
  last(): Segment | undefined;
  remove(number: number): void;
  clear(): void;
  /** Records that the segment holds this event. */
  hold(number: number, id: string): void;
  /** `bytes`: of the entry's line. */
  countOpen(number: number, change: 1 | -1, bytes: number): void;
}

export function createSegments(): Segments {
  // Segments are added in order, so the map's order is theirs.
  const segments = new Map<number, Segment>();
  let nextNumber = 0;
  let last: Segment | undefined;

  return {
    add(known) {
      const segment = { ...known, number: nextNumber, open: 0, openBytes: 0 };
      nextNumber += 1;
      segments.set(segment.number, segment);
      last = segment;
      return segment;
    },
    get: (number) => segments.get(number),
    all: () => [...segments.values()],
    last: () => last,
    remove(number) {
      if (last?.number === number) throw new Error("the last segment records where the next one begins");
      segments.delete(number);
    },
    clear() {
      segments.clear();
      last = undefined;
    },
    hold(number, id) {
      const segment = segments.get(number);
      if (segment === undefined) return;
      if (segment.events !== undefined) segment.events += 1;
      if (segment.firstId === undefined || id < segment.firstId) segment.firstId = id;
      if (segment.lastId === undefined || id > segment.lastId) segment.lastId = id;
    },
    countOpen(number, change, bytes) {
      const segment = segments.get(number);
      if (segment === undefined) return;
      segment.open += change;
      segment.openBytes += change * bytes;
    },
  };
}

/**
 * Whether the event can be in this segment. Ids rise with time, except when a clock went back between two
 * leaders.
 */
export function mayHold({ firstId, lastId }: Segment, id: string): boolean {
  return firstId !== undefined && lastId !== undefined && firstId <= id && id <= lastId;
}

/**
 * How far each segment of a folder counts, from their first lines: a leader records where it found the end of the segment before its
 * own, and what others wrote behind that end was never acknowledged.
 */
export interface SegmentSpans {
  /** The first line of each, when it is whole and valid. */
  readonly headers: readonly (SegmentLine | undefined)[];
  /** The end of what counts; undefined: the end of the file. */
  endOf(order: Order): number | undefined;
  /** Begun by a leader that had been superseded: its successor does not know it, so nothing in it counts. */
  isStray(order: Order): boolean;
}

const headerBytes = 1_024;

export async function readSpans(segments: readonly JournalFile[]): Promise<SegmentSpans> {
  const headers = await Promise.all(segments.map(({ path }) => readHeader(path)));
  const ends = new Map<string, number>();
  const strays = new Set<string>();
  for (const [index, header] of headers.entries()) {
    const found = segments[index] as JournalFile;
    if (header?.after === undefined) continue;
    ends.set(key(header.after), header.after.bytes);
    for (const other of segments) {
      if (compareOrder(other, header.after) > 0 && compareOrder(other, found) < 0) strays.add(key(other));
    }
  }
  return {
    headers,
    endOf: (order) => ends.get(key(order)),
    isStray: (order) => strays.has(key(order)),
  };
}

async function readHeader(path: string): Promise<SegmentLine | undefined> {
  let header: SegmentLine | undefined;
  await readSegment(
    path,
    {
      line(bytes) {
        const line = decodeLine(bytes);
        if (header === undefined && line?.type === "segment") header = line;
      },
    },
    { to: headerBytes },
  );
  return header;
}

/** A leader that has just been superseded, or retention, may still delete old segments: they held nothing open. */
export async function readSegment(...[path, visitor, range]: Parameters<typeof readLines>): Promise<number> {
  try {
    return await readLines(path, visitor, range);
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function key({ epoch, seq }: Order): string {
  return `${epoch}/${seq}`;
}
