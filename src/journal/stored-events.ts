// The accepted events of a journal, in order, read from its files alone: a running leader is not asked and not disturbed, and nothing is
// written, cut or locked. What retention deletes meanwhile is missing.

import type { MemoryWrite, RouterEvent } from "../contract.ts";
import { isMissing } from "../files/disk.ts";
import { type JournalFile, listFolder } from "./files.ts";
import { decodeLine, lineStart, restoreEvent } from "./line-format.ts";
import { findLines, readLines } from "./line-reader.ts";
import type { Delivery, EventLine } from "./records.ts";
import { readSegment, readSpans } from "./segments.ts";

export interface StoredRecord {
  readonly event: RouterEvent;
  readonly deliveries: readonly Delivery[];
  /** What the filters that took it remembered. */
  readonly memory: readonly MemoryWrite[];
  /** When it was committed. */
  readonly committedMs: number;
}

interface MovedLine {
  readonly id: string;
  readonly timeMs: number;
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

const eventStart = Buffer.from(`${lineStart}event"`);
const movedField = ',"moved":{';
/** Lines are committed in almost the order of the times of their events. */
const disorderMs = 60_000;

/**
 * The events up to `untilMs`, some at a time, oldest first. `pieceBytes`: about how much is read between two turns of the event
 * loop. A missing folder has none; rejects when a file cannot be read.
 */
export async function* readStoredEvents(
  folder: string,
  { untilMs, pieceBytes = 256 * 1024 }: { readonly untilMs: number; readonly pieceBytes?: number },
): AsyncGenerator<readonly StoredRecord[]> {
  const { segments } = await listFolder(folder);
  const spans = await readSpans(segments);
  const counted = segments.filter((segment) => !spans.isStray(segment));
  const moved = await findMoved(counted, spans.endOf);
  const pending = [...moved.values()].sort((a, b) => a.timeMs - b.timeMs);
  const read = new Set<string>();

  for (const segment of counted) {
    const end = spans.endOf(segment);
    for await (const lines of readPieces(segment, end, pieceBytes)) {
      const records: StoredRecord[] = [];
      for (const line of lines) {
        const { id, timeMs } = line.event;
        // A line that was written again has another place in the order; the first one may be gone.
        while (pending[0] !== undefined && pending[0].timeMs < timeMs - disorderMs)
          records.push(...(await readMoved(pending.shift() as MovedLine, read)));
        if (timeMs > untilMs || (moved.has(id) && read.has(id))) continue;
        if (moved.has(id)) read.add(id);
        records.push(toRecord(line));
      }
      if (records.length > 0) yield records;
    }
  }
  for (const one of pending) {
    const records = one.timeMs > untilMs ? [] : await readMoved(one, read);
    if (records.length > 0) yield records;
  }
}

function toRecord({ event, deliveries, memory, timeMs, moved }: EventLine): StoredRecord {
  return { event: restoreEvent(event), deliveries, memory, committedMs: moved?.acceptedMs ?? timeMs };
}

/** The lines of events that were not moved there, piece by piece. */
async function* readPieces(
  { path }: JournalFile,
  end: number | undefined,
  pieceBytes: number,
): AsyncGenerator<EventLine[]> {
  let from = 0;
  let length = pieceBytes;
  for (;;) {
    const lines: EventLine[] = [];
    const to = Math.min(end ?? Number.POSITIVE_INFINITY, from + length);
    const next = await readSegment(
      path,
      {
        line(bytes) {
          if (eventStart.compare(bytes, 0, eventStart.length) !== 0) return;
          const line = decodeLine(bytes);
          if (line?.type === "event" && line.moved === undefined) lines.push(line);
        },
      },
      { from, to },
    );
    if (lines.length > 0) yield lines;
    if (next > from) {
      from = next;
      length = pieceBytes;
      continue;
    }
    // A line that is longer than the piece, or the end.
    if (to === end || length > maxLineBytes) return;
    length *= 4;
  }
}

/** No line is longer. */
const maxLineBytes = 512 * 1024 * 1024;

async function findMoved(
  segments: readonly JournalFile[],
  endOf: (segment: JournalFile) => number | undefined,
): Promise<Map<string, MovedLine>> {
  const found = new Map<string, MovedLine>();
  for (const segment of segments) {
    try {
      await findLines(
        segment.path,
        movedField,
        (bytes, offset) => {
          const line = decodeLine(bytes);
          if (line?.type !== "event" || line.moved === undefined) return;
          const { id, timeMs } = line.event;
          found.set(id, { id, timeMs, path: segment.path, offset, length: bytes.length });
        },
        endOf(segment),
      );
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return found;
}

async function readMoved(
  { id, path, offset, length }: MovedLine,
  read: Set<string>,
): Promise<StoredRecord[]> {
  if (read.has(id)) return [];
  read.add(id);
  const records: StoredRecord[] = [];
  try {
    await readLines(
      path,
      {
        line(bytes) {
          const line = decodeLine(bytes);
          if (line?.type === "event") records.push(toRecord(line));
        },
      },
      { from: offset, to: offset + length + 1 },
    );
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return records;
}
