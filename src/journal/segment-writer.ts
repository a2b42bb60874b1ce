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

interface Active {
  readonly file: DiskFile;
  readonly segment: Segment;
}

export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  readonly #folder: SegmentWriterOptions["folder"];
  readonly #epoch: SegmentWriterOptions["epoch"];
  readonly #disk: SegmentWriterOptions["disk"];
  readonly #clock: SegmentWriterOptions["clock"];
  readonly #log: SegmentWriterOptions["log"];
  readonly #state: SegmentWriterOptions["state"];
  #nextSeq: number;
  #active: Active | undefined;
  /** All that was reserved is in a segment. */
  readonly freeReserve: () => void;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    const { folder, epoch, disk, clock, log, state } = options;
    this.#folder = folder;
    this.#epoch = epoch;
    this.#disk = disk;
    this.#clock = clock;
    this.#log = log;
    this.#state = state;
    this.#nextSeq = options.firstSeq;
    this.freeReserve = this.#options.reserve.reset;
  }

  /**
   * Settles when the bytes are written, and durable with all before them when `lasting`, with their place; undefined when another process has taken over, and then they do
   * not count. Rejects with the file system's error, and then they do not count either.
   */
  async write(bytes: Buffer, lasting: boolean): Promise<Written | undefined> {
    let written = await this.#writeOnce(bytes, lasting);
    if (written === "gone") written = await this.#writeOnce(bytes, lasting);
    if (written === "gone")
      throw Object.assign(new Error(`${this.#folder} does not stay`), { code: "ENOENT" });
    return written === "superseded" ? undefined : written;
  }

  /**
   * For what a full disk did not take: settles with how many of these lines, from the first on, outlive this process all the same;
   * undefined when another process has taken over.
   */
  async reserve(lines: readonly Buffer[]): Promise<number | undefined> {
    if (!this.#options.isCurrent()) return undefined;
    const count = await this.#options.reserve.write(lines);
    // As for a segment: a successor that claimed before this may not have read them.
    return this.#options.isCurrent() ? count : undefined;
  }

  /** Makes the current segment, if any, durable and ends it; the next write begins another. */
  async seal(): Promise<void> {
    const file = this.#active?.file;
    this.#active = undefined;
    // What was promised to last was synced already, and closing has nothing left to say.
    await file?.sync().catch(() => undefined);
    await file?.close().catch(() => undefined);
  }

  active(): Segment | undefined {
    return this.#active?.segment;
  }

  /** Where the next segment will stand. */
  next(): Order {
    return { epoch: this.#epoch, seq: this.#nextSeq };
  }

  async #begin(): Promise<Active> {
    const before = this.#state.segments.last();
    if (before !== undefined && !(await isThere(before.path))) this.#forget();
    await makeFolder(this.#folder);
    const order = { epoch: this.#epoch, seq: this.#nextSeq };
    this.#nextSeq += 1;
    const path = segmentPath(this.#folder, order);
    const last = this.#state.segments.last();
    const header = encodeLine({
      type: "segment",
      timeMs: this.#clock.now(),
      ...order,
      ...(last === undefined
        ? {}
        : { after: { epoch: last.epoch, seq: last.seq, bytes: last.bytes, events: last.events } }),
    });
    const file = await this.#disk.create(path);
    try {
      await writeAll(file, header, 0);
      await file.sync();
      await this.#disk.syncFolder(this.#folder);
      await this.#disk.syncFolder(dirname(this.#folder));
    } catch (error) {
      // The first error is the one to tell. An empty segment that stays behind does no harm.
      await file.close().catch(() => undefined);
      await this.#disk.unlink(path).catch(() => undefined);
      throw error;
    }
    const segment = this.#state.segments.add({
      ...order,
      path,
      bytes: header.length,
      firstId: undefined,
      lastId: undefined,
      lastMs: this.#clock.now(),
      events: 0,
    });
    this.#active = { file, segment };
    await this.#options.reserve.prepare();
    return this.#active;
  }

  /** Cuts off what was half written. After a failed sync nobody knows what the disk holds: then the segment is left for good. */
  async #giveBack({ file, segment }: Active, keep: boolean): Promise<void> {
    try {
      await file.truncate(segment.bytes);
      if (keep) return;
    } catch {
      // The next segment's first line says how far this one counts.
    }
    this.#active = undefined;
    await file.close().catch(() => undefined); // It may be as broken as the disk.
  }

  #forget(): void {
    const lost = this.#state.entries.count();
    this.#state.entries.clear();
    this.#state.segments.clear();
    this.#log.error(
      line`journal: ${this.#folder} was removed while running, a new one is begun; waiting events lost with it: ${lost}`,
    );
    this.#options.onFolderGone();
  }

  async #writeOnce(bytes: Buffer, lasting: boolean): Promise<Written | "superseded" | "gone"> {
    if (this.#active === undefined && !this.#options.isCurrent()) return "superseded";
    const current = this.#active ?? (await this.#begin());
    const { file, segment } = current;
    const offset = segment.bytes;
    try {
      await writeAll(file, bytes, offset);
    } catch (error) {
      await this.#giveBack(current, true);
      throw error;
    }
    // Once written, the lines are visible to whoever claims the next epoch from now on. So an owner that is still current
    // here knows that its successor will read them, and one that is not has promised nothing.
    const isCurrent = this.#options.isCurrent();
    let isInPlace: boolean;
    try {
      isInPlace = file.isInPlace();
      if (lasting) await file.sync();
    } catch (error) {
      await this.#giveBack(current, false);
      throw error;
    }
    if (!isCurrent) return "superseded";
    if (!isInPlace) {
      this.#active = undefined;
      await file.close().catch(() => undefined); // The file has no name any more.
      this.#forget();
      return "gone";
    }
    segment.bytes = offset + bytes.length;
    segment.lastMs = this.#clock.now();
    return { segment: segment.number, offset };
  }
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
