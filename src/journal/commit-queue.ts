// Group commit: all that waits is written in one go. Says once when writing fails and once when it works again.

import { setImmediate } from "node:timers/promises";
import type { Clock, Log } from "../contract.ts";
import { line } from "../text.ts";
import type { Place } from "./records.ts";
import { type End, ended, isFull, refusal, tooMuchWaiting, withdrawn } from "./refusal.ts";
import type { SegmentWriter, Written } from "./segment-writer.ts";

const maxGroupBytes = 8 * 1024 * 1024;
const maxWaitingBytes = 64 * 1024 * 1024;
/** Of it, what events that anybody could have made may take: their senders are told to try again before others have to be. */
const maxUnprovenBytes = 16 * 1024 * 1024;
/** How soon facts that could not be written are tried again when nothing else is. */
const factRetryMs = 1_000;
/** On a disk with a little room, small events fit and large ones do not: that is not told each time. */
const tellAgainMs = 60_000;
/** What is not lasting is synced after so long when nothing that is lasting came. */
const syncAfterMs = 1_000;
const nowhere: Place = { segment: -1, offset: 0, length: 0 };

/** As much of an AbortSignal as is looked at. */
export interface Withdrawal {
  readonly aborted: boolean;
}

export interface Commit {
  /** Whole lines with their line feeds. */
  readonly bytes: Buffer;
  /** A fact stands whether or not it can be written: it waits for a disk that takes it. */
  readonly fact: boolean;
  /**
   * True: durable before the promise settles. False: written, so that it outlives this process; a power cut may take it until
   * something lasting follows, or for a second.
   */
  readonly lasting: boolean;
  /** Aborted before the commit was begun, it is not begun. */
  readonly signal?: Withdrawal | undefined;
  /**
   * Called once when the bytes are written as was asked, in the order of the journal, before the promise settles. What is not
   * lasting may be in no segment yet.
   */
  apply?: ((place: Place) => void) | undefined;
  /** Of an event that anybody could have made. */
  readonly unproven?: boolean;
  /** It is in the reserve already. */
  readonly isReserved?: boolean;
}

interface Waiting extends Commit {
  resolve(): void;
  reject(reason: unknown): void;
  /** It was settled when it was put into the reserve; only its bytes still wait for a segment. */
  isReserved?: true;
}

export interface CommitQueue {
  /** Settles when written as was asked. Rejects with a DeliveryError when it was not taken; a fact only when the journal ended. */
  push(commit: Commit): Promise<void>;
  /** Settles with true when the facts pushed until now are written, with false when one of them could not be written yet. */
  factsWritten(): Promise<boolean>;
  /** Settles when nothing is being written and nothing waits that can be. */
  idle(): Promise<void>;
  /** Refuses all that comes from now on, and what then still waits. */
  end(why: End): void;
  /** Why the last write failed, while it is the last. */
  failure(): string | undefined;
}

export interface CommitQueueOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly writer: SegmentWriter;
  /** Called between groups: the last one is on the disk, or only written. */
  afterGroup(lasting: boolean): Promise<void>;
  onSuperseded(): void;
}

export function createCommitQueue(options: CommitQueueOptions): CommitQueue {
  const { folder, clock, log, writer } = options;
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let unprovenBytes = 0;
  let running: Promise<void> | undefined;
  let end: End | undefined;
  let failure: string | undefined;
  /** The failure was told, its end was not. */
  let told = false;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let lastFact: Promise<void> | undefined;
  const onFactsRefused = new Set<() => void>();
  /** Only facts wait, and the disk does not take them now. */
  let blocked = false;
  let cancelSync: (() => void) | undefined;

  function take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < waiting.length) {
      bytes += (waiting[count] as Waiting).bytes.length;
      if (count > 0 && bytes > maxGroupBytes) break;
      count += 1;
    }
    const taken = waiting.splice(0, count);
    for (const { bytes, unproven } of taken) {
      waitingBytes -= bytes.length;
      if (unproven === true) unprovenBytes -= bytes.length;
    }
    return taken.filter((one) => {
      if (one.signal?.aborted) one.reject(withdrawn());
      return !one.signal?.aborted;
    });
  }

  function putBack(facts: Waiting[]): void {
    waiting = [...facts, ...waiting];
    for (const { bytes } of facts) waitingBytes += bytes.length;
  }

  /** Settles with how many of them wait to be tried again. */
  async function refuse(refused: readonly Waiting[], error: unknown): Promise<number> {
    const group = isFull(error) ? await reserve(refused) : refused;
    const reason = refusal(error, folder);
    const message = reason instanceof Error ? reason.message : String(reason);
    failure = message;
    tellFailure(message);
    const facts = group.filter(({ fact }) => fact);
    putBack(facts);
    for (const refused of onFactsRefused) refused();
    for (const one of group) if (!one.fact) one.reject(reason);
    return facts.length;
  }

  /**
   * On a full disk facts and what need not last go where there is still room, in order; they wait as facts for a segment from then on.
   */
  async function reserve(group: readonly Waiting[]): Promise<readonly Waiting[]> {
    const wanted = group.filter(({ fact, lasting, isReserved }) => (fact || !lasting) && !isReserved);
    const count = wanted.length === 0 ? 0 : await writer.reserve(wanted.map(({ bytes }) => bytes));
    if (count === undefined) {
      supersede(group);
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

  /** Facts are written in order, so the last one stands for all before it. */
  async function factsWritten(): Promise<boolean> {
    const fact = lastFact;
    if (fact === undefined) return true;
    let refused = () => {};
    const late = new Promise<boolean>((resolve) => {
      refused = () => resolve(false);
    });
    onFactsRefused.add(refused);
    const written = fact.then(
      () => true,
      () => false,
    );
    return Promise.race([written, late]).finally(() => onFactsRefused.delete(refused));
  }

  function tellFailure(message: string): void {
    const nowMs = clock.now();
    if (told || Math.abs(nowMs - toldAtMs) < tellAgainMs) return;
    told = true;
    toldAtMs = nowMs;
    log.error(line`journal: ${message}; sources are told to try again until it can be written`);
  }

  function settle(group: readonly Waiting[], { segment, offset }: Written): void {
    if (told) log.info(line`journal: writing again`);
    told = false;
    failure = undefined;
    let at = offset;
    for (const { bytes, apply } of group) {
      apply?.({ segment, offset: at, length: bytes.length - 1 });
      at += bytes.length;
    }
    for (const { resolve } of group) resolve();
    if (group.some(({ isReserved }) => isReserved) && !waiting.some(({ isReserved }) => isReserved))
      writer.freeReserve();
  }

  async function run(): Promise<void> {
    while (waiting.length > 0 && end !== "superseded") {
      // What arrives in the same turn of the event loop belongs to one group: also what the last group's callers send next.
      await setImmediate();
      const group = take();
      if (group.length === 0) continue;
      let written: Written | undefined;
      const lasting = group.some((one) => one.lasting);
      try {
        written = await writer.write(bytesOf(group), lasting);
      } catch (error) {
        const count = await refuse(group, error);
        if (end !== undefined) return;
        // Something came in meanwhile.
        if (waiting.length > count) continue;
        blocked = true;
        clock.after(factRetryMs, unblock);
        return;
      }
      if (written === undefined) {
        supersede(group);
        return;
      }
      if (lasting) forgetSync();
      else syncLater();
      settle(group, written);
      await options.afterGroup(lasting);
    }
  }

  function supersede(group: readonly Waiting[]): void {
    putBack([...group]);
    finish("superseded");
    options.onSuperseded();
  }

  function syncLater(): void {
    cancelSync ??= clock.after(syncAfterMs, () => {
      cancelSync = undefined;
      // A failure is told by whoever wrote.
      push({ bytes: Buffer.alloc(0), fact: false, lasting: true }).catch(() => undefined);
    });
  }

  function forgetSync(): void {
    cancelSync?.();
    cancelSync = undefined;
  }

  function start(): void {
    if (running !== undefined || blocked || waiting.length === 0) return;
    running = run().finally(() => {
      running = undefined;
      start(); // What came in since the last look.
    });
  }

  function unblock(): void {
    blocked = false;
    start();
  }

  function finish(why: End): void {
    end = why;
    forgetSync();
    const left = waiting;
    waiting = [];
    waitingBytes = 0;
    unprovenBytes = 0;
    for (const { reject } of left) reject(ended(why));
  }

  function push(commit: Commit): Promise<void> {
    if (end !== undefined) return Promise.reject(ended(end));
    const { length } = commit.bytes;
    if (waiting.length > 0 && waitingBytes + length > maxWaitingBytes)
      return Promise.reject(tooMuchWaiting(folder));
    if (commit.unproven === true) {
      if (unprovenBytes > 0 && unprovenBytes + length > maxUnprovenBytes)
        return Promise.reject(tooMuchWaiting(folder));
      unprovenBytes += length;
    }
    const settled = new Promise<void>((resolve, reject) => {
      const { isReserved, ...rest } = commit;
      waiting.push({ ...rest, resolve, reject, ...(isReserved ? { isReserved } : {}) });
      waitingBytes += length;
      unblock();
    });
    if (commit.fact) lastFact = settled;
    return settled;
  }

  return {
    push,
    factsWritten,
    async idle() {
      while (running !== undefined) await running;
    },
    end: finish,
    failure: () => failure,
  };
}

function bytesOf(group: readonly Waiting[]): Buffer {
  const [first, ...more] = group;
  return first !== undefined && more.length === 0
    ? first.bytes
    : Buffer.concat(group.map(({ bytes }) => bytes));
}
