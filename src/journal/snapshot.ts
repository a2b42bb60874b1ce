// The state as of the start of a segment, so that recovery reads that segment and no earlier one. Written in
// slices while the journal continues: later lines that a slice already contains are harmless, because
// applying a line again changes nothing. Lines like a segment's; the open entries are the bytes of their
// records in base64, everything else is plain JSON.

import { setImmediate } from "node:timers/promises";
import type { Json } from "../contract.ts";
import { codeOf, type Disk, writeAll } from "../files/disk.ts";
import { type Order, segmentPath, snapshotPath, unfinishedPath } from "./files.ts";
import { decodeAny, encodeLine, lineStart } from "./line-format.ts";
import { readLastLine, readLines } from "./line-reader.ts";
import { goneSegment, type KnownSegment, type Segment } from "./segments.ts";
import { createState, type JournalState } from "./state.ts";
import type { KeyedEntry, KeyedTable } from "./table/keyed-table.ts";

const entriesPerLine = 2_048;
const keysPerLine = 1_000;
const writeBytes = 1024 * 1024;
/** Cursors are a scope of the table of notes, as the first version wrote them, with its bound. */
const cursorScope = "cursor";
const maxCursors = 20_000;

interface OpenLine {
  readonly type: "open";
  readonly records: string;
}

interface TableLine {
  readonly type: "table";
  readonly table: "memory" | "kept";
  readonly scope: string;
  readonly limit: number;
  readonly entries: readonly (readonly [key: string, value: Json, untilMs?: number])[];
}

/** Last, because its lists still grow while the slices are written. Without it the file is not a snapshot. */
interface EndLine {
  readonly type: "end";
  readonly lines: number;
  readonly open: number;
  readonly nextPosition: number;
  readonly channels: readonly string[];
  readonly sessions: readonly string[];
  readonly segments: readonly (KnownSegment & { readonly number: number })[];
}

type SnapshotLine = { readonly type: "snapshot"; readonly timeMs: number } | OpenLine | TableLine | EndLine;

export interface SnapshotOptions {
  readonly folder: string;
  readonly at: Order;
  readonly disk: Disk;
  readonly timeMs: number;
  /**
   * Called when everything is in the file: whether everything that the state knew until now is in segments
   * too.
   */
  confirm(): Promise<boolean>;
}

/**
 * Settles with its size once the snapshot is durable under its name; with undefined when it was not
 * confirmed.
 */
export async function writeSnapshot(
  state: JournalState,
  { folder, at, disk, timeMs, confirm }: SnapshotOptions,
): Promise<number | undefined> {
  const path = snapshotPath(folder, at);
  const unfinished = unfinishedPath(path);
  // An earlier try at the same position may have died half way.
  await disk.unlink(unfinished).catch(() => undefined);
  const file = await disk.create(unfinished);
  let bytes = 0;
  try {
    let waiting: Buffer[] = [];
    let waitingBytes = 0;
    const write = async () => {
      const all = Buffer.concat(waiting);
      waiting = [];
      waitingBytes = 0;
      await writeAll(file, all, bytes);
      bytes += all.length;
    };
    for (const line of snapshotLines(state, timeMs)) {
      const encoded = encodeLine(line);
      waiting.push(encoded);
      waitingBytes += encoded.length;
      if (waitingBytes >= writeBytes) await write();
      else await setImmediate();
    }
    await write();
    await file.sync();
    await file.close();
    if (!(await confirm())) {
      await disk.unlink(unfinished);
      return undefined;
    }
    await disk.rename(unfinished, path);
    await disk.syncFolder(folder);
  } catch (error) {
    // The first error is the one to report; the rest of the file is deleted at the next start.
    await file.close().catch(() => undefined);
    await disk.unlink(unfinished).catch(() => undefined);
    throw error;
  }
  return bytes;
}

function* snapshotLines(state: JournalState, timeMs: number): Generator<SnapshotLine> {
  const { entries } = state;
  // New entries from now on are in the segment that begins here.
  const before = entries.nextPosition();
  let lines = 1;
  yield { type: "snapshot", timeMs };
  for (let channel = 0; channel < entries.channels.all().length; channel++) {
    for (let after = 0; ; ) {
      const { bytes, last } = entries.dump(channel, after, before, entriesPerLine);
      if (bytes.length === 0) break;
      after = last;
      lines += 1;
      yield { type: "open", records: bytes.toString("base64") };
    }
  }
  for (const table of ["memory", "kept"] as const) {
    for (const line of tableLines(table, state[table], timeMs)) {
      lines += 1;
      yield line;
    }
  }
  for (const some of pages(state.cursors.entries(""))) {
    lines += 1;
    yield { type: "table", table: "kept", scope: cursorScope, limit: maxCursors, entries: some };
  }
  yield {
    type: "end",
    lines,
    open: entries.count(),
    nextPosition: before,
    channels: entries.channels.all(),
    sessions: entries.sessions.all(),
    segments: state.segments.all().map(known),
  };
}

function* pages<T>(entries: readonly T[]): Generator<T[]> {
  for (let from = 0; from < entries.length; from += keysPerLine)
    yield entries.slice(from, from + keysPerLine);
}

function* tableLines(name: "memory" | "kept", table: KeyedTable, nowMs: number): Generator<TableLine> {
  for (const { scope, limit } of table.scopes()) {
    for (const some of pages(table.entries(scope, nowMs))) {
      yield { type: "table", table: name, scope, limit, entries: some.map(toTuple) };
    }
  }
}

function toTuple([key, { value, untilMs }]: [string, KeyedEntry]): TableLine["entries"][number] {
  return untilMs === undefined ? [key, value] : [key, value, untilMs];
}

function known({
  path: _path,
  open: _open,
  openBytes: _bytes,
  ...segment
}: Segment): KnownSegment & { number: number } {
  return segment;
}

const openStart = Buffer.from(`${lineStart}open","records":"`);
const quote = 0x22;

/** Small enough for the young generation of the heap: large strings cause full garbage collections. */
const base64Piece = 48 * 1024;

/**
 * Returns the records of a line of open entries, valid until the next call; undefined for any other line. It does
 * not parse the line's JSON, because that takes longer than everything else.
 */
function createRecordReader(): (line: Buffer) => Buffer | undefined {
  let records = Buffer.alloc(0);
  return (line) => {
    if (!line.subarray(0, openStart.length).equals(openStart)) return undefined;
    const end = line.indexOf(quote, openStart.length);
    const most = Math.ceil((end - openStart.length) / 4) * 3;
    if (records.length < most) records = Buffer.alloc(most);
    let length = 0;
    for (let start = openStart.length; start < end; start += base64Piece)
      length += records.write(
        line.toString("latin1", start, Math.min(end, start + base64Piece)),
        length,
        "base64",
      );
    return records.subarray(0, length);
  };
}

/**
 * The state in the file; undefined when it is not a whole snapshot. Entries of segments that do not exist (`exists`) get
 * the segment `goneSegment`; `ofGone` counts them. They are not lost if later lines say that they have ended.
 */
export async function readSnapshot(
  path: string,
  folder: string,
  exists: (order: Order) => boolean,
): Promise<{ state: JournalState; ofGone: number } | undefined> {
  try {
    return await read(path, folder, exists);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined; // An unreadable snapshot counts as broken: older segments hold the same.
  }
}

async function read(...[path, folder, exists]: Parameters<typeof readSnapshot>) {
  const bytes = await readLastLine(path);
  const end = bytes === undefined ? undefined : (decodeAny(bytes) as unknown as SnapshotLine | undefined);
  if (end?.type !== "end") return undefined;
  const state = createState();
  for (const name of end.channels) state.entries.channels.intern(name);
  for (const name of end.sessions) state.entries.sessions.intern(name);
  state.entries.expect(end.open, end.nextPosition);
  const numbers = new Map<number, number>();
  for (const { number, ...segment } of end.segments) {
    if (!exists(segment)) continue;
    numbers.set(number, state.segments.add({ ...segment, path: segmentPath(folder, segment) }).number);
  }
  const recordsOf = createRecordReader();
  let lines = 0;
  let ofGone = 0;
  let broken = false;
  const toSegment = (number: number) => {
    const segment = numbers.get(number);
    if (segment === undefined) ofGone += 1;
    return segment ?? goneSegment;
  };
  await readLines(path, {
    line(bytes) {
      lines += 1;
      const records = recordsOf(bytes);
      if (records !== undefined) return state.entries.restore(records, toSegment);
      const line = decodeAny(bytes) as unknown as Exclude<SnapshotLine, OpenLine> | undefined;
      if (line?.type === "table") restoreTable(state, line);
      broken ||= line === undefined;
    },
    broken() {
      broken = true;
    },
  });
  return broken || lines !== end.lines + 1 ? undefined : { state, ofGone };
}

function restoreTable(state: JournalState, { table, scope, limit, entries }: TableLine): void {
  for (const [key, value, untilMs] of entries)
    if (table === "kept" && scope === cursorScope) state.cursors.set(key, value);
    else state[table].set(scope, key, untilMs === undefined ? { value } : { value, untilMs }, limit);
}
