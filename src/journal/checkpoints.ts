// The end of a segment: a snapshot is written while work continues, and then files that are no longer needed
// are deleted. A failure only makes the next start slower, so it is logged once and retried at the next
// segment.

import type { Clock, Log } from "../contract.ts";
import { codeOf, type Disk } from "../files/disk.ts";
import { line } from "../text.ts";
import { compareOrder, type Order } from "./files.ts";
import type { RecoveryReport } from "./recovery.ts";
import {
  deleteLeftovers,
  deleteSnapshots,
  dispensable,
  keptSnapshots,
  type RetentionLimits,
} from "./retention.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import { writeSnapshot } from "./snapshot.ts";
import type { JournalState } from "./state.ts";

/** Reading this much again takes a few milliseconds; a snapshot for less is not worth writing. */
const worthwhileBytes = 1024 * 1024;
const sweepMs = 60 * 60 * 1_000;

export interface CheckpointOptions extends RetentionLimits {
  readonly folder: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly state: JournalState;
  readonly writer: SegmentWriter;
  /** Those found at the start, in order. */
  readonly snapshots: readonly Order[];
  readonly segmentBytes: number;
  /**
   * Whether all state changes until now are durable. The last snapshot does not check: nothing else will keep
   * them.
   */
  factsWritten(): Promise<boolean>;
}

export interface Checkpoints {
  /** After recovery: so that segments that were slow to read are not read again. */
  begin(report: RecoveryReport): void;
  /** Between groups: ends the segment when it is full, or when a snapshot is due. */
  afterGroup(): Promise<void>;
  want(): void;
  idle(): Promise<void>;
  stop(): void;
  /** Writes a last snapshot when `orderly` and worthwhile. */
  close(orderly: boolean): Promise<void>;
}

export function createCheckpoints(options: CheckpointOptions): Checkpoints {
  const { folder, disk, clock, log, state, writer } = options;
  let snapshots = [...options.snapshots];
  let underway: Promise<void> | undefined;
  let wanted = false;
  let stopped = false;
  let complained = false;
  /** At least as large as the snapshot, so that a huge backlog is not rewritten for every few events. */
  let fullBytes = options.segmentBytes;
  let sealedAtMs = clock.now();
  let unsavedBytes = 0;
  let cancelSweep = () => {};

  function start(): void {
    const at = writer.next();
    wanted = false;
    unsavedBytes = 0;
    underway = checkpoint(at).finally(() => {
      underway = undefined;
    });
  }

  async function checkpoint(at: Order): Promise<void> {
    try {
      const confirm = stopped ? async () => true : options.factsWritten;
      const bytes = await writeSnapshot(state, { folder, at, disk, timeMs: clock.now(), confirm });
      if (bytes === undefined) {
        wanted = true;
        return;
      }
      fullBytes = Math.max(options.segmentBytes, bytes);
      complained = false;
      snapshots = [...snapshots.filter((other) => compareOrder(other, at) !== 0), at];
      await deleteSnapshots(folder, snapshots.splice(0, snapshots.length - keptSnapshots), disk);
      await prune();
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      complain(error);
    }
  }

  async function prune(): Promise<void> {
    const [oldest] = snapshots;
    // A successor reads the folder now.
    if (oldest === undefined || stopped) return;
    const nowMs = clock.now();
    for (const segment of dispensable(state.segments.all(), oldest, nowMs, options)) {
      state.segments.remove(segment.number);
      await disk.unlink(segment.path);
    }
    await deleteLeftovers(folder, state.segments.all(), oldest, { nowMs, keepMs: options.keepMs, disk });
  }

  function complain(error: unknown): void {
    if (!complained)
      log.warn(
        line`journal: housekeeping in ${folder} failed and will be retried: ${(error as Error).message}`,
      );
    complained = true;
  }

  function sweep(): void {
    cancelSweep = clock.after(sweepMs, () => {
      // While a snapshot is written there is nothing to do: it ends with the same step.
      underway ??= prune()
        .catch((error: unknown) => {
          if (codeOf(error) === undefined) throw error;
          complain(error);
        })
        .finally(() => {
          underway = undefined;
        });
      sweep();
    });
  }

  async function idle(): Promise<void> {
    while (underway !== undefined) await underway;
  }

  return {
    begin({ bytesRead, snapshot, brokenLines, damage }) {
      unsavedBytes = bytesRead;
      const isDamaged = snapshot === "broken" || brokenLines > 0 || damage.length > 0;
      if (isDamaged || bytesRead >= worthwhileBytes) start();
      sweep();
    },
    async afterGroup() {
      if (underway !== undefined || stopped) return;
      const { bytes, lastMs } = writer.active() ?? { bytes: 0, lastMs: clock.now() };
      // An idle journal ends its segments by time; otherwise nothing in them could ever be deleted.
      const isOld = lastMs - sealedAtMs > options.keepMs / 8;
      if (!wanted && bytes < fullBytes && !isOld) return;
      sealedAtMs = clock.now();
      await writer.seal();
      start();
    },
    want() {
      wanted = true;
    },
    idle,
    stop() {
      stopped = true;
      cancelSweep();
    },
    async close(orderly) {
      await idle();
      unsavedBytes += writer.active()?.bytes ?? 0;
      await writer.seal();
      if (!orderly || unsavedBytes < worthwhileBytes) return;
      start();
      await idle();
    },
  };
}
