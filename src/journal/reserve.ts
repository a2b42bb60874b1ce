// A file of fixed size beside the segments, allocated while the disk has room. Facts and delivery notes that
// a full disk does not take into a segment overwrite its empty lines in place, which needs no space. So
// events can be delivered on a full disk, and the next leader knows which were. Its first line records where
// the journal ended when the reserve was begun: once segments continue past that position they contain all of
// it, and it no longer counts.

import { join } from "node:path";
import type { Clock } from "../contract.ts";
import { codeOf, type Disk, type DiskFile, writeAll } from "../files/disk.ts";
import { readRegular } from "../regular-file.ts";
import type { Extent } from "./damage.ts";
import type { Order } from "./files.ts";
import { decodeAny, decodeLine, encodeLine, isWhole } from "./line-format.ts";
import { readLines } from "./line-reader.ts";
import type { Line } from "./records.ts";
import type { Segment, Segments } from "./segments.ts";

const fileBytes = 256 * 1024;
/** At the end of the file: how far the segments go. */
const extentBytes = 512;
const reserveBytes = fileBytes - extentBytes;
/** How often that is written while it advances. */
const extentEveryMs = 250;
const lineFeed = 0x0a;
/** Longer than the first line of any segment. */
const headBytes = 1_024;

/**
 * Where the last line of the journal ends, not counting the first lines of segments. All 0 before the first.
 */
interface End extends Order {
  readonly bytes: number;
}

export interface ReservedLines {
  readonly lines: readonly Line[];
  /** As in the file. */
  readonly bytes: Buffer;
  /** Where the next line goes. */
  readonly usedBytes: number;
}

export interface Reserve {
  /** Allocates the file if there is none. Never rejects: without it a full disk only stops delivery. */
  prepare(): Promise<void>;
  /** Settles with how many of the lines, from the first on, now survive this process. Never rejects. */
  write(lines: readonly Buffer[]): Promise<number>;
  /** Everything in it was written to a segment. */
  reset(): void;
  /**
   * The last segment is durable up to here; written with a short delay, so that the next leader can detect
   * later losses.
   */
  reached(extent: Extent): void;
  /** Writes that now, unless another process owns the journal. */
  close(isOurs: boolean): Promise<void>;
}

export interface ReserveOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly segments: Pick<Segments, "all">;
  /** What was found in it and counts. */
  readonly found: ReservedLines | undefined;
}

export function reservePath(folder: string): string {
  return join(folder, "reserve");
}

export function createReserve({ folder, disk, clock, segments, found }: ReserveOptions): Reserve {
  const path = reservePath(folder);
  let file: DiskFile | undefined;
  let opening: Promise<DiskFile | undefined> | undefined;
  let usedBytes = found?.usedBytes ?? 0;
  /** It may hold lines that do not count. */
  let isDirty = found === undefined;
  let isFull = false;
  let extent: Extent | undefined;
  let cancelExtent: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function open(): Promise<DiskFile | undefined> {
    if (file !== undefined && !file.isInPlace()) await close();
    if (file !== undefined) return file;
    opening ??= disk.open(path, fileBytes).finally(() => {
      opening = undefined;
    });
    file = await opening;
    return file;
  }

  async function close(): Promise<void> {
    const closing = file;
    file = undefined;
    await closing?.close().catch(() => undefined);
  }

  async function writeExtent(): Promise<void> {
    const now = extent;
    extent = undefined;
    if (now === undefined) return;
    try {
      const into = await open();
      const slot = Buffer.alloc(extentBytes, lineFeed);
      encodeLine({ type: "extent", timeMs: clock.now(), ...now }).copy(slot);
      if (into !== undefined) await writeAll(into, slot, reserveBytes);
    } catch (error) {
      if (codeOf(error) === undefined) throw error; // Otherwise the next leader only knows less.
    }
  }

  async function clear(into: DiskFile): Promise<void> {
    if (!isDirty) return;
    // From its first line on: if it is cut off in between, the rest has no first line and does not count.
    await writeAll(into, Buffer.alloc(reserveBytes, lineFeed), 0);
    isDirty = false;
  }

  return {
    async prepare() {
      try {
        if ((await open()) !== undefined) return;
        const made = await disk.create(path);
        file = made;
        await writeAll(made, Buffer.alloc(fileBytes, lineFeed), 0);
        await made.sync();
        isDirty = false;
        usedBytes = 0;
      } catch (error) {
        if (codeOf(error) === undefined) throw error;
        await close();
        await disk.unlink(path).catch(() => undefined); // The disk is already too full for it.
      }
    },
    async write(lines) {
      if (isFull) return 0;
      try {
        const into = await open();
        if (into === undefined) return 0;
        const pieces: Buffer[] = [];
        let bytes = usedBytes;
        if (bytes === 0) {
          await clear(into);
          pieces.push(
            encodeLine({ type: "reserve", timeMs: clock.now(), after: await endOf(segments.all()) }),
          );
          bytes = pieces[0]?.length ?? 0;
        }
        let count = 0;
        for (const line of lines) {
          // One line feed stays, so that the last line is whole.
          if (bytes + line.length >= reserveBytes) break;
          pieces.push(line);
          bytes += line.length;
          count += 1;
        }
        if (count > 0) {
          await writeAll(into, Buffer.concat(pieces), usedBytes);
          usedBytes = bytes;
        }
        // Facts are only useful in order: none after one that does not fit.
        isFull = count < lines.length;
        return count;
      } catch (error) {
        if (codeOf(error) === undefined) throw error;
        isDirty = usedBytes === 0;
        return 0;
      }
    },
    reset() {
      if (usedBytes > 0) isDirty = true;
      usedBytes = 0;
      isFull = false;
    },
    reached(now) {
      extent = now;
      cancelExtent ??= clock.after(extentEveryMs, () => {
        cancelExtent = undefined;
        writing = writeExtent();
      });
    },
    async close(isOurs) {
      cancelExtent?.();
      await writing;
      if (isOurs) await writeExtent();
      await close();
    },
  };
}

/** What is in the file and counts; no lines when the journal continued since. Never rejects. */
export async function readReserve(
  folder: string,
  segments: readonly Segment[],
): Promise<{ readonly reserved: ReservedLines | undefined; readonly extent: Extent | undefined }> {
  const content = await readRegular(reservePath(folder)).catch(() => undefined);
  if (content?.length !== fileBytes) return { reserved: undefined, extent: undefined };
  const extent = extentIn(content.subarray(reserveBytes));
  return { reserved: await reservedIn(content.subarray(0, reserveBytes), segments), extent };
}

function extentIn(slot: Buffer): Extent | undefined {
  const bytes = slot.subarray(0, Math.max(0, slot.indexOf(lineFeed)));
  const line = isWhole(bytes) ? decodeAny(bytes) : undefined;
  return line?.type === "extent" ? (line as unknown as Extent) : undefined;
}

async function reservedIn(content: Buffer, segments: readonly Segment[]): Promise<ReservedLines | undefined> {
  if (content[0] === lineFeed) return undefined;
  const lines: Line[] = [];
  let begin = 0;
  let start = 0;
  for (let end = content.indexOf(lineFeed); end > start; end = content.indexOf(lineFeed, start)) {
    const bytes = content.subarray(start, end);
    if (!isWhole(bytes)) break;
    if (start === 0) {
      if (!isAt(decodeAny(bytes), await endOf(segments))) return undefined;
      begin = end + 1;
    } else {
      const line = decodeLine(bytes);
      // One that this version does not know must not hide those behind it.
      if (line !== undefined) lines.push(line);
    }
    start = end + 1;
  }
  return begin === 0
    ? undefined
    : { lines, bytes: Buffer.from(content.subarray(begin, start)), usedBytes: start };
}

/** A segment that holds only its first line was begun on a disk that had no more room. */
async function endOf(segments: readonly Segment[]): Promise<End> {
  for (const { path, bytes, epoch, seq } of segments.toReversed()) {
    let firstLineBytes = 0;
    const first = (line: Buffer, offset: number) => {
      if (offset === 0) firstLineBytes = line.length + 1;
    };
    // An unreadable file may contain anything.
    await readLines(path, { line: first, broken: first }, { to: Math.min(bytes, headBytes) }).catch(
      () => undefined,
    );
    if (bytes > firstLineBytes) return { epoch, seq, bytes };
  }
  return { epoch: 0, seq: 0, bytes: 0 };
}

function isAt(line: ReturnType<typeof decodeAny>, { epoch, seq, bytes }: End): boolean {
  const after = line?.after as Partial<End> | undefined;
  return line?.type === "reserve" && after?.epoch === epoch && after.seq === seq && after.bytes === bytes;
}
