// The only place that writes to the client. One write is in flight at a time; lines that are queued meanwhile
// go out together in the next one, and each settles when the stream took it. Answers to the client's requests
// are always accepted and overtake queued events; events are bounded. Within each kind the order is kept.

import type { Writable } from "node:stream";
import { DeliveryError } from "../errors.ts";

export interface Load {
  count: number;
  bytes: number;
}

export interface LineWriterOptions {
  readonly output: Writable;
  readonly maxEvents: number;
  readonly maxEventBytes: number;
  /** Called once when the stream failed or was closed by the peer; the writer has stopped by then. */
  onBroken(reason: string): void;
  /** Called when answers were written. */
  onAnswersTaken?(): void;
}

/** Queued lines are joined up to about this size: a pipe's usual capacity. */
const maxBatchBytes = 64 * 1024;

/** Events of one turn that are collected before they are written without waiting for its end. */
const maxGathered = 64;

interface Entry {
  readonly line: string;
  readonly bytes: number;
  readonly load: Load;
  settle(error?: Error): void;
}

export class LineWriter {
  readonly #options: LineWriterOptions;
  readonly #output: LineWriterOptions["output"];
  // Sets, because a withdrawn line must be removable from the middle at once: a stalled reader must not let
  // them pile up.
  readonly #answers = new Set<Entry>();
  readonly #events = new Set<Entry>();
  readonly waiting = { answers: { count: 0, bytes: 0 }, events: { count: 0, bytes: 0 } };
  readonly #idleWaiters = new Set<() => void>();
  #inFlight: Entry[] = [];
  #pumping = false;
  #released = false;
  #isEnded = false;
  #stopped: string | undefined;
  /**
   * One listener for all events that wait on one signal: a listener for each would cost more than its line.
   */
  readonly #bySignal = new Map<AbortSignal, { readonly entries: Set<Entry>; cancel(): void }>();

  constructor(options: LineWriterOptions) {
    this.#options = options;
    const { output } = options;
    this.#output = output;
    // Never removed: a late EPIPE without a listener would end the process as an uncaught exception.
    output.on("error", (error) => this.#fail(describe(error)));
    output.on("close", () => this.#fail("stdout was closed"));
  }

  /** A line of the protocol. Settles when the stream took it; rejects (E_SESSION_CLOSED) when it never will. */
  send(line: string): Promise<void> {
    return this.#enqueue(this.#answers, this.waiting.answers, line);
  }

  /**
   * An event. Waits until `release` was called, then as `send`. Rejects with E_SESSION_BUSY when too many wait, and when
   * the signal fires before the write has begun (the signal's reason is the cause).
   */
  post(line: string, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || (this.#isEnded && this.#stopped === undefined))
      return Promise.reject(cancelled(signal));
    const { count, bytes } = this.waiting.events;
    // A single event over the byte limit is accepted into an empty queue: otherwise it would be rejected
    // forever.
    const isFull =
      count >= this.#options.maxEvents ||
      (count > 0 && bytes + Buffer.byteLength(line) > this.#options.maxEventBytes);
    if (isFull && this.#stopped === undefined) return Promise.reject(busy(count, bytes));
    return this.#enqueue(this.#events, this.waiting.events, line, signal);
  }

  /** Releases the events. */
  release(): void {
    this.#released = true;
    this.#pump();
  }

  /**
   * The client is leaving: events whose write has not started are given back (E_SESSION_BUSY), and so are all
   * later ones.
   */
  endEvents(): void {
    this.#isEnded = true;
    const waitingEvents = [...this.#events];
    this.#events.clear();
    for (const entry of waitingEvents) entry.settle(cancelled(undefined));
  }

  /** Settles when nothing that may be written is left, when the writer stopped, or after `withinMs`. */
  flush(withinMs: number): Promise<void> {
    const isIdle = (): boolean =>
      this.#inFlight.length === 0 && this.#answers.size === 0 && (this.#events.size === 0 || !this.#released);
    if (this.#stopped !== undefined || isIdle()) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#idleWaiters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      this.#idleWaiters.add(wake);
    });
  }

  /** Rejects everything that was not written. Idempotent. */
  stop(reason: string): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = reason;
    const lost = [...this.#inFlight, ...this.#answers, ...this.#events];
    this.#inFlight = [];
    this.#answers.clear();
    this.#events.clear();
    for (const entry of lost) entry.settle(closed(reason));
    for (const wake of this.#idleWaiters) wake();
  }

  #listen(signal: AbortSignal, entry: Entry): void {
    let subscription = this.#bySignal.get(signal);
    if (subscription === undefined) {
      const entries = new Set<Entry>();
      const cancel = (): void => {
        for (const one of [...entries]) if (this.#events.delete(one)) one.settle(cancelled(signal));
      };
      subscription = { entries, cancel };
      this.#bySignal.set(signal, subscription);
      signal.addEventListener("abort", cancel, { once: true });
    }
    subscription.entries.add(entry);
  }

  #unsubscribe(signal: AbortSignal, entry: Entry): void {
    const subscription = this.#bySignal.get(signal);
    subscription?.entries.delete(entry);
    if (subscription === undefined || subscription.entries.size > 0) return;
    this.#bySignal.delete(signal);
    signal.removeEventListener("abort", subscription.cancel);
  }

  #enqueue(queue: Set<Entry>, load: Load, line: string, signal?: AbortSignal): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(closed(this.#stopped));
    return new Promise<void>((resolve, reject) => {
      const entry: Entry = {
        line,
        bytes: Buffer.byteLength(line),
        load,
        settle: (error) => {
          load.count -= 1;
          load.bytes -= entry.bytes;
          if (signal !== undefined) this.#unsubscribe(signal, entry);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      load.count += 1;
      load.bytes += entry.bytes;
      if (signal !== undefined) this.#listen(signal, entry);
      queue.add(entry);
      if (queue === this.#answers || queue.size >= maxGathered) this.#pump();
      else this.#pumpSoon();
    });
  }

  /**
   * Events of one turn of the event loop go out in one write: each write wakes the reader, and costs more
   * than its bytes.
   */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#inFlight.length > 0 || this.#stopped !== undefined) return;
    const batch: Entry[] = [];
    let bytes = take(this.#answers, batch, 0);
    if (this.#released) bytes = take(this.#events, batch, bytes);
    if (batch.length === 0) {
      for (const wake of this.#idleWaiters) wake();
      return;
    }
    this.#inFlight = batch;
    let text = "";
    for (const entry of batch) text += `${entry.line}\n`;
    this.#output.write(text, (error) => {
      if (error) return this.#fail(describe(error));
      if (this.#stopped !== undefined) return;
      this.#inFlight = [];
      for (const entry of batch) entry.settle();
      if (batch[0]?.load === this.waiting.answers) this.#options.onAnswersTaken?.();
      this.#pump();
    });
  }

  #fail(reason: string): void {
    if (this.#stopped !== undefined) return;
    this.stop(reason);
    this.#options.onBroken(reason);
  }
}

/** Moves lines from the head of the queue to the batch until it is large enough; at least one when the batch is empty. */
function take(queue: Set<Entry>, batch: Entry[], bytes: number): number {
  let total = bytes;
  for (const entry of queue) {
    if (batch.length > 0 && total + entry.bytes > maxBatchBytes) break;
    queue.delete(entry);
    batch.push(entry);
    total += entry.bytes;
  }
  return total;
}

function describe(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "EPIPE" ? "stdout was closed (EPIPE)" : `stdout failed: ${error.message}`;
}

function busy(count: number, bytes: number): DeliveryError {
  return new DeliveryError(
    "E_SESSION_BUSY",
    `the client does not read: ${count} events of ${bytes} bytes wait for it`,
    { retryable: true, hint: "send the event again later", retryAfterMs: 1000 },
  );
}

function closed(reason: string): DeliveryError {
  return new DeliveryError("E_SESSION_CLOSED", `the session has ended: ${reason}`, { retryable: true });
}

function cancelled(signal: AbortSignal | undefined): DeliveryError {
  return new DeliveryError("E_SESSION_BUSY", "the event was withdrawn before it was written", {
    retryable: true,
    cause: signal?.reason,
  });
}
