// Writes groups of lines to the current segment, and begins the next one when there is none. A group is
// either completely durable or cut off again; where even that fails, the next segment records how far this
// one counts.

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
  readonly term: number;
  readonly firstSeq: number;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly state: JournalState;
  readonly reserve: Reserve;
  readonly boot: string | undefined;
  /** False once a higher term was acquired. */
  isCurrent(): boolean;
  /** What was on disk is gone and the state has forgotten it; what is only in RAM needs a snapshot. */
  onFolderGone(): void;
}

export interface WrittenSpan {
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
  readonly #term: SegmentWriterOptions["term"];
  readonly #disk: SegmentWriterOptions["disk"];
  readonly #clock: SegmentWriterOptions["clock"];
  readonly #log: SegmentWriterOptions["log"];
  readonly #state: SegmentWriterOptions["state"];
  #nextSeq: number;
  #active: Active | undefined;
  /** Everything in the reserve is in a segment. */
  readonly freeReserve: () => void;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    const { folder, term, disk, clock, log, state } = options;
    this.#folder = folder;
    this.#term = term;
    this.#disk = disk;
    this.#clock = clock;
    this.#log = log;
    this.#state = state;
    this.#nextSeq = options.firstSeq;
    this.freeReserve = this.#options.reserve.reset;
  }

  /**
   * Settles with the span when the bytes are written, and durable with everything before them when `lasting`;
   * undefined when another process has taken over, and then they do not count. Rejects with the file system's
   * error, and then they do not count either.
   */
  async write(bytes: Buffer, lasting: boolean): Promise<WrittenSpan | undefined> {
    let written = await this.#writeOnce(bytes, lasting);
    if (written === "gone") written = await this.#writeOnce(bytes, lasting);
    if (written === "gone")
      throw Object.assign(new Error(`${this.#folder} keeps being removed`), { code: "ENOENT" });
    return written === "superseded" ? undefined : written;
  }

  /**
   * For what a full disk did not take: settles with how many of these lines, from the first on, survive this
   * process all the same; undefined when another process has taken over.
   */
  async reserve(lines: readonly Buffer[]): Promise<number | undefined> {
    if (!this.#options.isCurrent()) return undefined;
    const count = await this.#options.reserve.write(lines);
    // As for a segment: a successor that acquired its term before this may not have read them.
    return this.#options.isCurrent() ? count : undefined;
  }

  /** Makes the current segment, if any, durable and ends it; the next write begins another. */
  async seal(): Promise<void> {
    const file = this.#active?.file;
    this.#active = undefined;
    // Durable writes were synced already, and closing has nothing left to report.
    await file?.sync().catch(() => undefined);
    await file?.close().catch(() => undefined);
  }

  active(): Segment | undefined {
    return this.#active?.segment;
  }

  /** The position of the next segment. */
  next(): Order {
    return { epoch: this.#term, seq: this.#nextSeq };
  }

  async #begin(): Promise<Active> {
    const before = this.#state.segments.last();
    if (before !== undefined && !(await isThere(before.path))) this.#forget();
    await makeFolder(this.#folder);
    const order = { epoch: this.#term, seq: this.#nextSeq };
    this.#nextSeq += 1;
    const path = segmentPath(this.#folder, order);
    const last = this.#state.segments.last();
    const { boot } = this.#options;
    const header = encodeLine({
      type: "segment",
      timeMs: this.#clock.now(),
      ...order,
      ...(boot === undefined ? {} : { boot }),
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
      // The first error is the one to report. A leftover empty segment does no harm.
      await file.close().catch(() => undefined);
      await this.#disk.unlink(path).catch(() => undefined);
      throw error;
    }
    const segment = this.#state.segments.add({
      ...order,
      boot,
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

  /**
   * Cuts off what was half written. After a failed sync it is unknown what the disk holds: then the segment
   * is abandoned.
   */
  async #giveBack({ file, segment }: Active, keep: boolean): Promise<void> {
    try {
      await file.truncate(segment.bytes);
      if (keep) return;
    } catch {
      // The next segment's first line records how far this one counts.
    }
    this.#active = undefined;
    await file.close().catch(() => undefined); // It may be as broken as the disk.
  }

  #forget(): void {
    const lost = this.#state.entries.count();
    this.#state.entries.clear();
    this.#state.segments.clear();
    this.#log.error(
      line`journal: ${this.#folder} was removed while running and created again; waiting events lost with it: ${lost}`,
    );
    this.#options.onFolderGone();
  }

  async #writeOnce(bytes: Buffer, lasting: boolean): Promise<WrittenSpan | "superseded" | "gone"> {
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
    // Once written, the lines are visible to the process that acquires the next term. So a leader that is
    // still current here knows that its successor will read them, and one that is not has acknowledged
    // nothing.
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
