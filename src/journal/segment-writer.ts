// Writes groups of lines to the segment that is being filled, and begins the next one when there is none. A group is
// either durable whole or cut off again; where even that fails, the next segment says how far this one counts.

import { access } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock, Log } from "../contract.ts";
import { type Disk, type DiskFile, isMissing, writeAll } from "../files/disk.ts";
import { line } from "../text.ts";
import { makeFolder, type Order, segmentPath } from "./files.ts";
import { encodeLine } from "./line-format.ts";
import type { Reserve } from "./reserve.ts";
import type { Segment } from "./segments.ts";
import type { JournalState } from "./state.ts";

export interface SegmentWriterOptions {
  readonly folder: string;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly state: JournalState;
  readonly reserve: Reserve;
  /** False once a higher epoch was claimed. */
  isCurrent(): boolean;
  /** What waited on the disk is gone and the state has forgotten it; what is only in RAM wants a snapshot. */
  onFolderGone(): void;
}

export interface Written {
  readonly segment: number;
  readonly offset: number;
}

export interface SegmentWriter {
  /**
   * Settles when the bytes are written, and durable with all before them when `lasting`, with their place; undefined when another process has taken over, and then they do
   * not count. Rejects with the file system's error, and then they do not count either.
   */
  write(bytes: Buffer, lasting: boolean): Promise<Written | undefined>;
  /**
   * For what a full disk did not take: settles with how many of these lines, from the first on, outlive this process all the same;
   * undefined when another process has taken over.
   */
  reserve(lines: readonly Buffer[]): Promise<number | undefined>;
  /** All that was reserved is in a segment. */
  freeReserve(): void;
  /** Makes the current segment, if any, durable and ends it; the next write begins another. */
  seal(): Promise<void>;
  active(): Segment | undefined;
  /** Where the next segment will stand. */
  next(): Order;
}

interface Active {
  readonly file: DiskFile;
  readonly segment: Segment;
}

export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { folder, epoch, disk, clock, log, state } = options;
  let nextSeq = options.firstSeq;
  let active: Active | undefined;

  async function begin(): Promise<Active> {
    const before = state.segments.last();
    if (before !== undefined && !(await isThere(before.path))) forget();
    await makeFolder(folder);
    const order = { epoch, seq: nextSeq };
    nextSeq += 1;
    const path = segmentPath(folder, order);
    const last = state.segments.last();
    const header = encodeLine({
      type: "segment",
      timeMs: clock.now(),
      ...order,
      ...(last === undefined
        ? {}
        : { after: { epoch: last.epoch, seq: last.seq, bytes: last.bytes, events: last.events } }),
    });
    const file = await disk.create(path);
    try {
      await writeAll(file, header, 0);
      await file.sync();
      await disk.syncFolder(folder);
      await disk.syncFolder(dirname(folder));
    } catch (error) {
      // The first error is the one to tell. An empty segment that stays behind does no harm.
      await file.close().catch(() => undefined);
      await disk.unlink(path).catch(() => undefined);
      throw error;
    }
    const segment = state.segments.add({
      ...order,
      path,
      bytes: header.length,
      firstId: undefined,
      lastId: undefined,
      lastMs: clock.now(),
      events: 0,
    });
    active = { file, segment };
    await options.reserve.prepare();
    return active;
  }

  /** Cuts off what was half written. After a failed sync nobody knows what the disk holds: then the segment is left for good. */
  async function giveBack({ file, segment }: Active, keep: boolean): Promise<void> {
    try {
      await file.truncate(segment.bytes);
      if (keep) return;
    } catch {
      // The next segment's first line says how far this one counts.
    }
    active = undefined;
    await file.close().catch(() => undefined); // It may be as broken as the disk.
  }

  function forget(): void {
    const lost = state.entries.count();
    state.entries.clear();
    state.segments.clear();
    log.error(
      line`journal: ${folder} was removed while running, a new one is begun; waiting events lost with it: ${lost}`,
    );
    options.onFolderGone();
  }

  async function writeOnce(bytes: Buffer, lasting: boolean): Promise<Written | "superseded" | "gone"> {
    if (active === undefined && !options.isCurrent()) return "superseded";
    const current = active ?? (await begin());
    const { file, segment } = current;
    const offset = segment.bytes;
    try {
      await writeAll(file, bytes, offset);
    } catch (error) {
      await giveBack(current, true);
      throw error;
    }
    // Once written, the lines are visible to whoever claims the next epoch from now on. So an owner that is still current
    // here knows that its successor will read them, and one that is not has promised nothing.
    const isCurrent = options.isCurrent();
    let isInPlace: boolean;
    try {
      isInPlace = file.isInPlace();
      if (lasting) await file.sync();
    } catch (error) {
      await giveBack(current, false);
      throw error;
    }
    if (!isCurrent) return "superseded";
    if (!isInPlace) {
      active = undefined;
      await file.close().catch(() => undefined); // The file has no name any more.
      forget();
      return "gone";
    }
    segment.bytes = offset + bytes.length;
    segment.lastMs = clock.now();
    return { segment: segment.number, offset };
  }

  return {
    async write(bytes, lasting) {
      let written = await writeOnce(bytes, lasting);
      if (written === "gone") written = await writeOnce(bytes, lasting);
      if (written === "gone") throw Object.assign(new Error(`${folder} does not stay`), { code: "ENOENT" });
      return written === "superseded" ? undefined : written;
    },
    async reserve(lines) {
      if (!options.isCurrent()) return undefined;
      const count = await options.reserve.write(lines);
      // As for a segment: a successor that claimed before this may not have read them.
      return options.isCurrent() ? count : undefined;
    },
    freeReserve: options.reserve.reset,
    async seal() {
      const file = active?.file;
      active = undefined;
      // What was promised to last was synced already, and closing has nothing left to say.
      await file?.sync().catch(() => undefined);
      await file?.close().catch(() => undefined);
    },
    active: () => active?.segment,
    next: () => ({ epoch, seq: nextSeq }),
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
