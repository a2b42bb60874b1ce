// Group commit: everything in the queue is written at once. Logs once when writing fails and once when it
// works again.

import { setImmediate } from "node:timers/promises";
import type { Clock, Log } from "../contract.ts";
import { line } from "../text.ts";
import type { LineSpan } from "./records.ts";
import { cancelled, type End, ended, isFull, refusal, tooMuchWaiting } from "./refusal.ts";
import type { SegmentWriter, WrittenSpan } from "./segment-writer.ts";

const maxGroupBytes = 8 * 1024 * 1024;
const maxWaitingBytes = 64 * 1024 * 1024;
/**
 * The share of it that unproven events may take: their senders are asked to retry before others have to be.
 */
const maxUnprovenBytes = 16 * 1024 * 1024;
/** The retry interval for facts that could not be written, when nothing else is. */
const factRetryMs = 1_000;
/** On a nearly full disk, small events fit and large ones do not: that is not logged each time. */
const logAgainMs = 60_000;
/** Non-durable writes are synced after this delay when no durable one follows. */
const syncAfterMs = 1_000;
const nowhere: LineSpan = { segment: -1, offset: 0, length: 0 };

/** The part of an AbortSignal that is used. */
export interface Cancellation {
  readonly aborted: boolean;
}

export interface Commit {
  /** Whole lines with their line feeds. */
  readonly bytes: Buffer;
  /** A fact holds whether or not it can be written: it waits for a disk that takes it. */
  readonly fact: boolean;
  /**
   * True: durable before the promise settles. False: written, so that it survives this process; a power
   * failure may lose it until a durable write follows, or for a second.
   */
  readonly lasting: boolean;
  /** Aborted before the commit starts, the commit is skipped. */
  readonly signal?: Cancellation | undefined;
  /**
   * Called once when the bytes are written as requested, in journal order, before the promise settles. A
   * non-durable write may be in no segment yet.
   */
  apply?: ((span: LineSpan) => void) | undefined;
  /**
   * `signal` depends on what was committed before: those commits are applied before it is looked at, so it is in no group with them, unless they
   * are of this kind too.
   */
  readonly afterOthers?: boolean;
  /** Belongs to an event that anybody could have made. */
  readonly unproven?: boolean;
  /** It is already in the reserve. */
  readonly isReserved?: boolean;
}

interface Waiting extends Commit {
  resolve(): void;
  reject(reason: unknown): void;
  /** It was settled when it was put into the reserve; only its bytes still wait for a segment. */
  isReserved?: true;
}

export interface CommitQueueOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly writer: SegmentWriter;
  /** Called between groups: the last one is durable, or only written. */
  afterGroup(lasting: boolean): Promise<void>;
  onSuperseded(): void;
  /** Called for each group that a full disk did not take. */
  onFull(): void;
}

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #folder: CommitQueueOptions["folder"];
  readonly #clock: CommitQueueOptions["clock"];
  readonly #log: CommitQueueOptions["log"];
  readonly #writer: CommitQueueOptions["writer"];
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #unprovenBytes = 0;
  #running: Promise<void> | undefined;
  #end: End | undefined;
  #failure: string | undefined;
  /** The failure was logged, its end was not. */
  #logged = false;
  #loggedAtMs = Number.NEGATIVE_INFINITY;
  #lastFact: Promise<void> | undefined;
  readonly #onFactsRefused = new Set<() => void>();
  /** Only facts are queued, and the disk does not take them now. */
  #blocked = false;
  #cancelSync: (() => void) | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    const { folder, clock, log, writer } = options;
    this.#folder = folder;
    this.#clock = clock;
    this.#log = log;
    this.#writer = writer;
  }

  /** Settles when nothing is being written and nothing is queued that can be. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Why the last write failed; undefined when it did not. */
  failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Settles with true when the facts pushed until now are written, with false when one of them could not be
   * written yet.
   */
  async factsWritten(): Promise<boolean> {
    const fact = this.#lastFact;
    if (fact === undefined) return true;
    let refused = () => {};
    const late = new Promise<boolean>((resolve) => {
      refused = () => resolve(false);
    });
    this.#onFactsRefused.add(refused);
    const written = fact.then(
      () => true,
      () => false,
    );
    return Promise.race([written, late]).finally(() => this.#onFactsRefused.delete(refused));
  }

  /** Rejects everything from now on, and then what is still queued. */
  end(why: End): void {
    this.#end = why;
    this.#forgetSync();
    const left = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#unprovenBytes = 0;
    for (const { reject } of left) reject(ended(why));
  }

  /**
   * Settles when written as requested. Rejects with a DeliveryError when it was not taken; a fact only when
   * the journal ended.
   */
  push(commit: Commit): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(ended(this.#end));
    const { length } = commit.bytes;
    if (this.#waiting.length > 0 && this.#waitingBytes + length > maxWaitingBytes)
      return Promise.reject(tooMuchWaiting(this.#folder));
    if (commit.unproven === true) {
      if (this.#unprovenBytes > 0 && this.#unprovenBytes + length > maxUnprovenBytes)
        return Promise.reject(tooMuchWaiting(this.#folder));
      this.#unprovenBytes += length;
    }
    const settled = new Promise<void>((resolve, reject) => {
      const { isReserved, ...rest } = commit;
      this.#waiting.push({ ...rest, resolve, reject, ...(isReserved ? { isReserved } : {}) });
      this.#waitingBytes += length;
      this.#unblock();
    });
    if (commit.fact) this.#lastFact = settled;
    return settled;
  }

  #take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length) {
      const one = this.#waiting[count] as Waiting;
      if (count > 0 && one.afterOthers && !this.#waiting[count - 1]?.afterOthers) break;
      bytes += one.bytes.length;
      if (count > 0 && bytes > maxGroupBytes) break;
      count += 1;
    }
    const taken = this.#waiting.splice(0, count);
    for (const { bytes, unproven } of taken) {
      this.#waitingBytes -= bytes.length;
      if (unproven === true) this.#unprovenBytes -= bytes.length;
    }
    return taken.filter((one) => {
      if (one.signal?.aborted) one.reject(cancelled());
      return !one.signal?.aborted;
    });
  }

  #putBack(facts: Waiting[]): void {
    this.#waiting = [...facts, ...this.#waiting];
    for (const { bytes } of facts) this.#waitingBytes += bytes.length;
  }

  /** Settles with how many of them are queued for a retry. */
  async #refuse(refused: readonly Waiting[], error: unknown): Promise<number> {
    const group = isFull(error) ? await this.#reserve(refused) : refused;
    if (isFull(error)) this.#options.onFull();
    const reason = refusal(error, this.#folder);
    const message = reason instanceof Error ? reason.message : String(reason);
    this.#failure = message;
    this.#logFailure(message);
    const facts = group.filter(({ fact }) => fact);
    this.#putBack(facts);
    for (const refused of this.#onFactsRefused) refused();
    for (const one of group) if (!one.fact) one.reject(reason);
    return facts.length;
  }

  /**
   * On a full disk, facts and non-durable writes go to the reserve while it has room, in order; from then on
   * they wait as facts for a segment.
   */
  async #reserve(group: readonly Waiting[]): Promise<readonly Waiting[]> {
    const wanted = group.filter(({ fact, lasting, isReserved }) => (fact || !lasting) && !isReserved);
    const count = wanted.length === 0 ? 0 : await this.#writer.reserve(wanted.map(({ bytes }) => bytes));
    if (count === undefined) {
      this.#supersede(group);
      return [];
    }
    const reserved = new Map<Waiting, Waiting>();
    for (const one of wanted.slice(0, count)) {
      one.apply?.(nowhere);
      one.resolve();
      reserved.set(one, { ...one, apply: undefined, fact: true, isReserved: true });
    }
    return group.map((one) => reserved.get(one) ?? one);
  }

  #logFailure(message: string): void {
    const nowMs = this.#clock.now();
    if (this.#logged || Math.abs(nowMs - this.#loggedAtMs) < logAgainMs) return;
    this.#logged = true;
    this.#loggedAtMs = nowMs;
    this.#log.error(line`journal: ${message}; senders are asked to retry until it can be written`);
  }

  #settle(group: readonly Waiting[], { segment, offset }: WrittenSpan): void {
    if (this.#logged) this.#log.info(line`journal: writing again`);
    this.#logged = false;
    this.#failure = undefined;
    let at = offset;
    for (const { bytes, apply } of group) {
      apply?.({ segment, offset: at, length: bytes.length - 1 });
      at += bytes.length;
    }
    for (const { resolve } of group) resolve();
    if (group.some(({ isReserved }) => isReserved) && !this.#waiting.some(({ isReserved }) => isReserved))
      this.#writer.freeReserve();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && this.#end !== "superseded") {
      // Commits that arrive in the same turn of the event loop form one group, including what the last
      // group's callers send next.
      await setImmediate();
      const group = this.#take();
      if (group.length === 0) continue;
      let written: WrittenSpan | undefined;
      const lasting = group.some((one) => one.lasting);
      try {
        written = await this.#writer.write(bytesOf(group), lasting);
      } catch (error) {
        const count = await this.#refuse(group, error);
        if (this.#end !== undefined) return;
        // More arrived meanwhile.
        if (this.#waiting.length > count) continue;
        this.#blocked = true;
        this.#clock.after(factRetryMs, () => this.#unblock());
        return;
      }
      if (written === undefined) {
        this.#supersede(group);
        return;
      }
      if (lasting) this.#forgetSync();
      else this.#syncLater();
      this.#settle(group, written);
      await this.#options.afterGroup(lasting);
    }
  }

  #supersede(group: readonly Waiting[]): void {
    this.#putBack([...group]);
    this.end("superseded");
    this.#options.onSuperseded();
  }

  #syncLater(): void {
    this.#cancelSync ??= this.#clock.after(syncAfterMs, () => {
      this.#cancelSync = undefined;
      // The caller that wrote reports a failure.
      this.push({ bytes: Buffer.alloc(0), fact: false, lasting: true }).catch(() => undefined);
    });
  }

  #forgetSync(): void {
    this.#cancelSync?.();
    this.#cancelSync = undefined;
  }

  #start(): void {
    if (this.#running !== undefined || this.#blocked || this.#waiting.length === 0) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      this.#start(); // What arrived since the last check.
    });
  }

  #unblock(): void {
    this.#blocked = false;
    this.#start();
  }
}

function bytesOf(group: readonly Waiting[]): Buffer {
  const [first, ...more] = group;
  return first !== undefined && more.length === 0
    ? first.bytes
    : Buffer.concat(group.map(({ bytes }) => bytes));
}
