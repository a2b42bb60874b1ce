// Which segments may be deleted: those in which every event has ended, when they are old or the journal is
// too large. A segment with an open entry is never deleted, nor one with a line that this version does not
// understand; one with few open entries is emptied first (compaction.ts).

import { stat } from "node:fs/promises";
import type { Disk } from "../files/disk.ts";
import { compareOrder, listFolder, type Order, snapshotPath } from "./files.ts";
import type { Segment } from "./segments.ts";

export interface RetentionLimits {
  /** How long events that have ended are kept. */
  readonly keepMs: number;
  readonly maxBytes: number;
}

/**
 * The segments to delete, oldest first. `before`: the oldest snapshot that recovery may fall back to;
 * segments after it are still needed for that.
 */
export function dispensable(
  segments: readonly Segment[],
  before: Order,
  nowMs: number,
  { keepMs, maxBytes }: RetentionLimits,
): Segment[] {
  let total = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  // The last one records where the next begins, even when it is sealed.
  return segments.slice(0, -1).filter((segment) => {
    const free = segment.open === 0 && (segment.unknown ?? 0) === 0 && compareOrder(segment, before) < 0;
    const goes = free && (nowMs - segment.lastMs > keepMs || total > maxBytes);
    if (goes) total -= segment.bytes;
    return goes;
  });
}

/**
 * The segments to empty while the journal is larger than it should be, oldest first: those in which at least half has ended, until they and
 * the dispensable ones are enough, or `budgetBytes` have to be written for them. `before`: as for `dispensable`.
 */
export function sparse(
  segments: readonly Segment[],
  before: Order,
  { maxBytes }: RetentionLimits,
  budgetBytes: number,
): Segment[] {
  let excess = segments.reduce((sum, { bytes }) => sum + bytes, 0) - maxBytes;
  let budget = budgetBytes;
  return segments.slice(0, -1).filter(({ bytes, open, openBytes, unknown = 0, ...order }) => {
    const isWorthwhile = 2 * openBytes <= bytes && unknown === 0 && compareOrder(order, before) < 0;
    if (!isWorthwhile || excess <= 0 || budget <= 0) return false;
    excess -= bytes - openBytes;
    budget -= openBytes;
    return open > 0;
  });
}

/** Two snapshots are kept, the second in case the first becomes unreadable. */
export const keptSnapshots = 2;

export async function deleteSnapshots(folder: string, orders: readonly Order[], disk: Disk): Promise<void> {
  for (const order of orders) await disk.unlink(snapshotPath(folder, order)).catch(() => undefined); // Deleted next time.
}

/** Broken lines that were set aside, and files of dead leaders that no snapshot knows. */
export async function deleteLeftovers(
  folder: string,
  known: readonly Segment[],
  before: Order,
  { nowMs, keepMs, disk }: { nowMs: number; keepMs: number; disk: Disk },
): Promise<void> {
  const listing = await listFolder(folder);
  const knownPaths = new Set(known.map(({ path }) => path));
  const strays = listing.segments.filter(
    (found) => compareOrder(found, before) < 0 && !knownPaths.has(found.path),
  );
  for (const path of [...listing.setAside, ...strays.map((found) => found.path)]) {
    const { mtimeMs } = await stat(path);
    if (nowMs - mtimeMs > keepMs) await disk.unlink(path);
  }
}
