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
  sparse,
} from "./retention.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import type { Segment } from "./segments.ts";
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
  /** Moves what waits in the segment to the journal's end; false when that failed, and trying again now would too. */
  empty(segment: Segment, isStopped: () => boolean): Promise<boolean>;
}

export class Checkpoints {
  readonly #options: CheckpointOptions;
  #snapshots: Order[];
  #underway: Promise<void> | undefined;
  #isWanted = false;
  #isStopped = false;
  #hasComplained = false;
  /** At least as large as the snapshot, so that a huge backlog is not rewritten for every few events. */
  #fullBytes: number;
  #sealedAtMs: number;
  #unsavedBytes = 0;
  #cancelSweep = () => {};

  constructor(options: CheckpointOptions) {
    this.#options = options;
    this.#snapshots = [...options.snapshots];
    this.#fullBytes = options.segmentBytes;
    this.#sealedAtMs = options.clock.now();
  }

  /** After recovery: so that segments that were slow to read are not read again. */
  begin({ bytesRead, snapshot, brokenLines, damage }: RecoveryReport): void {
    this.#unsavedBytes = bytesRead;
    const isDamaged = snapshot === "broken" || brokenLines > 0 || damage.length > 0;
    if (isDamaged || bytesRead >= worthwhileBytes) this.#start();
    this.#sweep();
  }

  /** Between groups: ends the segment when it is full, or when a snapshot is due. */
  async afterGroup(): Promise<void> {
    if (this.#underway !== undefined || this.#isStopped) return;
    const { clock, writer, keepMs } = this.#options;
    const { bytes, lastMs } = writer.active() ?? { bytes: 0, lastMs: clock.now() };
    // An idle journal ends its segments by time; otherwise nothing in them could ever be deleted.
    const isOld = lastMs - this.#sealedAtMs > keepMs / 8;
    if (!this.#isWanted && bytes < this.#fullBytes && !isOld) return;
    this.#sealedAtMs = clock.now();
    await writer.seal();
    this.#start();
  }

  want(): void {
    this.#isWanted = true;
  }

  /** Deletes now what may be deleted without a new snapshot: a full disk has no room for one. */
  onFull(): void {
    if (this.#underway === undefined) this.#run(() => this.#prune());
  }

  async idle(): Promise<void> {
    while (this.#underway !== undefined) await this.#underway;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelSweep();
  }

  /** Writes a last snapshot when `orderly` and worthwhile. */
  async close(orderly: boolean): Promise<void> {
    await this.idle();
    const { writer } = this.#options;
    this.#unsavedBytes += writer.active()?.bytes ?? 0;
    await writer.seal();
    if (!orderly || this.#unsavedBytes < worthwhileBytes) return;
    this.#start();
    await this.idle();
  }

  #start(): void {
    const at = this.#options.writer.next();
    this.#isWanted = false;
    this.#unsavedBytes = 0;
    this.#run(() => this.#checkpoint(at));
  }

  #run(work: () => Promise<void>): void {
    this.#underway = work()
      .catch((error: unknown) => {
        if (codeOf(error) === undefined) throw error;
        this.#complain(error);
      })
      .finally(() => {
        this.#underway = undefined;
      });
  }

  async #checkpoint(at: Order): Promise<void> {
    const { folder, disk, clock, state } = this.#options;
    const confirm = this.#isStopped ? async () => true : this.#options.factsWritten;
    const bytes = await writeSnapshot(state, { folder, at, disk, timeMs: clock.now(), confirm });
    if (bytes === undefined) {
      this.#isWanted = true;
      return;
    }
    this.#fullBytes = Math.max(this.#options.segmentBytes, bytes);
    this.#hasComplained = false;
    const all = [...this.#snapshots.filter((other) => compareOrder(other, at) !== 0), at];
    this.#snapshots = all.slice(-keptSnapshots);
    await deleteSnapshots(folder, all.slice(0, -keptSnapshots), disk);
    await this.#makeRoom();
  }

  /** The oldest snapshot; undefined when nothing may be deleted, because a successor reads the folder now. */
  #oldest(): Order | undefined {
    return this.#isStopped ? undefined : this.#snapshots[0];
  }

  async #makeRoom(): Promise<void> {
    await this.#compact();
    await this.#prune();
  }

  /** Moves about a segment's worth at most each time, so that most of what is written is new events. */
  async #compact(): Promise<void> {
    const oldest = this.#oldest();
    if (oldest === undefined) return;
    const { state, segmentBytes, empty } = this.#options;
    for (const segment of sparse(state.segments.all(), oldest, this.#options, segmentBytes))
      if (!(await empty(segment, () => this.#isStopped))) return;
  }

  async #prune(): Promise<void> {
    const oldest = this.#oldest();
    if (oldest === undefined) return;
    const { folder, state, disk, clock, keepMs } = this.#options;
    const nowMs = clock.now();
    for (const segment of dispensable(state.segments.all(), oldest, nowMs, this.#options)) {
      state.segments.remove(segment.number);
      await disk.unlink(segment.path);
    }
    await deleteLeftovers(folder, state.segments.all(), oldest, { nowMs, keepMs, disk });
  }

  #complain(error: unknown): void {
    if (!this.#hasComplained)
      this.#options.log.warn(
        line`journal: housekeeping in ${this.#options.folder} failed and will be retried: ${(error as Error).message}`,
      );
    this.#hasComplained = true;
  }

  #sweep(): void {
    this.#cancelSweep = this.#options.clock.after(sweepMs, () => {
      // While a snapshot is written there is nothing to do: it ends with the same step.
      if (this.#underway === undefined) this.#run(() => this.#makeRoom());
      this.#sweep();
    });
  }
}
