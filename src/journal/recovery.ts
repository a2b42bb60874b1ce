// From files to state: the newest whole snapshot, then the segments since. Nothing found on disk prevents a
// start: torn ends are cut, broken lines are set aside, and for a broken snapshot older segments are read.

import { appendFile, rename, stat, truncate, unlink } from "node:fs/promises";
import { basename } from "node:path";
import type { Clock, Log } from "../contract.ts";
import { isMissing } from "../files/disk.ts";
import { line, type SafeLine } from "../text.ts";
import { describeDamage, type Extent } from "./damage.ts";
import { compareOrder, corruptPath, type JournalFile, listFolder, type Order } from "./files.ts";
import { decodeLine } from "./line-format.ts";
import { findNewer, isNewerLine, newerFormat } from "./newer-format.ts";
import { ended } from "./refusal.ts";
import { type ReservedLines, readReserve } from "./reserve.ts";
import { goneSegment, readSegment, readSpans, type Segment } from "./segments.ts";
import { readSnapshot } from "./snapshot.ts";
import { createState, type JournalState } from "./state.ts";

export interface RecoveryReport {
  readonly tookMs: number;
  /** `none`: there was none to read. `broken`: at least one was unusable. */
  readonly snapshot: "whole" | "none" | "broken";
  readonly segmentsRead: number;
  readonly linesRead: number;
  readonly bytesRead: number;
  /** Of a line that was being written when its process died; it was never acknowledged. */
  readonly tornBytes: number;
  readonly brokenLines: number;
  /** Where the broken lines were copied to. */
  readonly setAside?: string;
  /** Lines of a version that this one does not know; left where they are. */
  readonly unknownLines: number;
  /** Open entries whose segment is missing. */
  readonly lost: number;
  /** What is missing on disk, one line each. */
  readonly damage: readonly SafeLine[];
  /**
   * The machine started again and the journal was not closed: what was accepted since then may have been sent
   * without a record. Absent when a record survives of everything that was sent.
   */
  readonly unsyncedSinceMs?: number;
  /** No snapshot, and older segments are missing: events that had ended may be sent again. */
  readonly gap: boolean;
}

export interface RecoveredJournal {
  readonly state: JournalState;
  readonly report: RecoveryReport;
  /** The next segment of this term. */
  readonly nextSeq: number;
  /** Those that may still be needed, in order. */
  readonly snapshots: readonly Order[];
  /** What a full disk did not take into a segment, but the state has. */
  readonly reserved: ReservedLines | undefined;
}

/**
 * An event that is older than `quickMs` of dispatch/reservations.ts is not sent before its reservation is synced.
 * The rest is for lines that were still written while the disk was already slow.
 */
const unsyncedMs = 15_000;

export async function recover(
  folder: string,
  term: number,
  { clock, log, boot }: { clock: Clock; log: Log; boot: string | undefined },
): Promise<RecoveredJournal> {
  const startedMs = performance.now();
  const listing = await listFolder(folder);
  const newest = [...listing.segments, ...listing.snapshots].sort(compareOrder).at(-1);
  if (newest !== undefined && newest.epoch > term) throw ended("superseded");
  const newer = await findNewer([...listing.segments, ...listing.snapshots]);
  if (newer !== undefined) throw newerFormat(newer);
  for (const path of listing.unfinished) await unlink(path).catch(() => undefined); // Cleanup only.

  const exists = new Set(listing.segments.map(key));
  const { state, ofGone, used, broken } = await newestSnapshot(listing.snapshots, folder, (order) =>
    exists.has(key(order)),
  );
  const since = listing.segments.filter((found) => used === undefined || compareOrder(found, used) >= 0);
  const spans = await readSpans(since);

  const count = { segments: 0, lines: 0, bytes: 0, torn: 0, unknown: 0 };
  const brokenLines: Buffer[] = [];
  const expected: Extent[] = state.segments.all().map(extentOf);
  for (const found of since) {
    // A segment that its successor does not know was begun by a leader that had been superseded: nothing in
    // it was acknowledged.
    if (spans.isStray(found)) continue;
    count.segments += 1;
    const to = spans.endOf(found);
    const segment = segmentOf(state, found);
    segment.events = 0;
    segment.unknown = 0;
    let isNewer = false;
    const end = await readSegment(
      found.path,
      {
        line(bytes, offset) {
          const line = decodeLine(bytes);
          if (line === undefined) {
            count.unknown += 1;
            segment.unknown = (segment.unknown ?? 0) + 1;
            isNewer ||= isNewerLine(bytes);
            return;
          }
          count.lines += 1;
          segment.lastMs = line.timeMs;
          if (line.type === "segment") segment.boot = line.boot;
          state.apply(line, { segment: segment.number, offset, length: bytes.length });
        },
        broken: (bytes) => brokenLines.push(Buffer.from(bytes)),
      },
      to === undefined ? {} : { to },
    );
    // Before anything is cut off.
    if (isNewer) throw newerFormat(found.path);
    count.bytes += end;
    segment.bytes = end;
    if (to === undefined) count.torn += await cut(found.path, end);
  }

  const { reserved, extent } = await readReserve(folder, state.segments.all());
  const unsyncedSinceMs = unsyncedSince(state.segments.all(), extent, boot);
  for (const line of reserved?.lines ?? []) state.apply(line, { segment: -1, offset: 0, length: 0 });
  // Retention removes a segment once its entries have ended, so only entries that are still open were lost with it.
  const lost = ofGone === 0 ? 0 : state.entries.dropAllOf(goneSegment);
  if (extent !== undefined && (used === undefined || compareOrder(extent, used) >= 0)) expected.push(extent);
  for (const header of spans.headers) {
    const after = header?.after;
    // Retention deletes what is older than the snapshot; when the snapshot is unreadable, it is unknown what
    // was deleted.
    if (after === undefined || (used !== undefined && compareOrder(after, used) < 0)) continue;
    if (broken === 0 || exists.has(key(after))) expected.push(after);
  }
  const { extents, removed } = await extentsIn(state);
  const damage = describeDamage(
    expected.filter((one) => !removed.has(key(one))),
    (order) => extents.get(key(order)),
  );
  const setAside = await copyBroken(folder, brokenLines, clock.now(), log);
  const first = spans.headers[0];
  const report: RecoveryReport = {
    tookMs: performance.now() - startedMs,
    snapshot: broken > 0 ? "broken" : used === undefined ? "none" : "whole",
    segmentsRead: count.segments,
    linesRead: count.lines,
    bytesRead: count.bytes,
    tornBytes: count.torn,
    brokenLines: brokenLines.length,
    ...(setAside === undefined ? {} : { setAside }),
    unknownLines: count.unknown,
    lost,
    damage,
    ...(unsyncedSinceMs === undefined ? {} : { unsyncedSinceMs }),
    gap: used === undefined && first?.after !== undefined,
  };
  logReport(report, log);
  for (const path of listing.odd)
    log.warn(line`journal: ${path} is not a file of a journal and is left where it is`);
  return {
    state,
    report,
    nextSeq: newest?.epoch === term ? newest.seq + 1 : 0,
    reserved,
    snapshots: used === undefined ? [] : listing.snapshots.filter((one) => compareOrder(one, used) <= 0),
  };
}

/** State changes that were not synced are lost with the power; what is durable ends with the last segment. */
function unsyncedSince(
  segments: readonly Segment[],
  extent: Extent | undefined,
  boot: string | undefined,
): number | undefined {
  // A leader that was killed while it began a segment left an empty file.
  const last = segments.findLast(({ lastMs }) => lastMs > 0);
  if (last === undefined || boot === undefined || last.boot === boot) return undefined;
  const isClosed = extent?.closed === true && compareOrder(extent, last) === 0 && extent.bytes === last.bytes;
  return isClosed ? undefined : last.lastMs - unsyncedMs;
}

function extentOf({ epoch, seq, bytes, events }: Segment): Extent {
  return { epoch, seq, bytes, events };
}

/**
 * How far each segment goes now: those before the snapshot were not read. All of them were there when the folder was listed; one that
 * is not any more was `removed` by the retention of a leader that has just been superseded, and held nothing open.
 */
async function extentsIn({
  segments,
}: JournalState): Promise<{ extents: Map<string, Extent>; removed: Set<string> }> {
  const extents = new Map<string, Extent>();
  const removed = new Set<string>();
  for (const segment of segments.all()) {
    const { bytes } = segment;
    const size = await stat(segment.path).then(
      (found) => found.size,
      (error) => (isMissing(error) ? undefined : 0),
    );
    if (size === undefined) removed.add(key(segment));
    // Bytes behind what counts were given up.
    const isWhole = size !== undefined && size >= bytes;
    extents.set(
      key(segment),
      isWhole ? extentOf(segment) : { ...extentOf(segment), bytes: size ?? 0, events: undefined },
    );
  }
  return { extents, removed };
}

async function newestSnapshot(
  snapshots: readonly JournalFile[],
  folder: string,
  exists: (order: Order) => boolean,
): Promise<{ state: JournalState; ofGone: number; used: JournalFile | undefined; broken: number }> {
  let broken = 0;
  for (const found of snapshots.toReversed()) {
    const read = await readSnapshot(found.path, folder, exists);
    if (read !== undefined) return { ...read, used: found, broken };
    broken += 1;
    const aside = found.path.replace(basename(found.path), `corrupt-${basename(found.path)}`);
    await rename(found.path, aside).catch(() => undefined); // A read-only folder: it will be found broken again.
  }
  return { state: createState(), ofGone: 0, used: undefined, broken };
}

/** A snapshot may already know the segment that followed it. */
function segmentOf(state: JournalState, { epoch, seq, path }: JournalFile): Segment {
  const known = state.segments.all().find((segment) => compareOrder(segment, { epoch, seq }) === 0);
  return (
    known ??
    state.segments.add({ epoch, seq, path, bytes: 0, firstId: undefined, lastId: undefined, lastMs: 0 })
  );
}

async function cut(path: string, end: number): Promise<number> {
  try {
    const { size } = await stat(path);
    if (size > end) await truncate(path, end);
    return size - end;
  } catch {
    return 0; // Where it cannot be cut, the next segment records how far this one counts.
  }
}

async function copyBroken(
  folder: string,
  broken: readonly Buffer[],
  timeMs: number,
  log: Log,
): Promise<string | undefined> {
  if (broken.length === 0) return undefined;
  const path = corruptPath(folder, timeMs);
  try {
    const lineFeed = Buffer.from("\n");
    await appendFile(path, Buffer.concat(broken.flatMap((bytes) => [bytes, lineFeed])), { mode: 0o600 });
    return path;
  } catch (error) {
    log.warn(line`journal: broken lines could not be set aside: ${(error as Error).message}`);
    return undefined;
  }
}

function logReport(report: RecoveryReport, log: Log): void {
  const { brokenLines, setAside, unknownLines, lost, damage, gap } = report;
  if (brokenLines > 0)
    log.warn(
      line`journal: skipped broken lines: ${brokenLines}${setAside === undefined ? "" : `, see ${setAside}`}`,
    );
  if (unknownLines > 0)
    log.warn(line`journal: skipped lines that a newer channel-router wrote: ${unknownLines}`);
  for (const one of damage) log.error(line`journal: ${one}`);
  if (lost > 0) log.error(line`journal: waiting events lost because their segments are gone: ${lost}`);
  if (report.snapshot === "broken")
    log.warn(
      gap
        ? line`journal: no snapshot is readable and older segments are missing; events that had ended may be sent again`
        : line`journal: a snapshot could not be read; older segments were read instead`,
    );
}

function key({ epoch, seq }: Order): string {
  return `${epoch}/${seq}`;
}
