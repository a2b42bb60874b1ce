// How far each segment of a folder counts, from the first lines of the segments: a leader records where it found the end of the
// segment before its own, and what others wrote behind that end was never acknowledged.

import { isMissing } from "../files/disk.ts";
import { compareOrder, type JournalFile, type Order } from "./files.ts";
import { decodeLine } from "./line-format.ts";
import { readLines } from "./line-reader.ts";
import type { SegmentLine } from "./records.ts";

/** Of segments in order. */
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
