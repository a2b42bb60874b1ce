// Passes the data of a fetching source to `emit`. Rejected events are held and retried in order, and nothing
// more is read meanwhile: backpressure on the peer instead of buffering.

import type { Arrival, Clock, Emit } from "../contract.ts";
import { DeliveryError } from "../errors.ts";

/** The maximum of outstanding calls that `Emit` allows a source. */
const maxUnderWay = 256;
const firstDelayMs = 1_000;
const maxDelayMs = 30_000;

export interface HandOver {
  /**
   * Settles when there is room for another one, not when this one is durable. `safe` is called when it and
   * all earlier ones are. Rejects when the signal fires, or with an `emit` error that cannot be retried.
   */
  give(arrival: Arrival, safe?: () => void): Promise<void>;
  /** Settles when all events are durable; rejects as `give` does. */
  settled(): Promise<void>;
  /** Describes the waiting events in one line; undefined when none waits. */
  held(): string | undefined;
}

interface Given {
  readonly arrival: Arrival;
  readonly safe: (() => void) | undefined;
  isSafe: boolean;
}

export function createHandOver(emit: Emit, clock: Clock, signal: AbortSignal): HandOver {
  /** In the order of arrival; a durable one stays until all before it are. */
  const given: Given[] = [];
  const refused = new Set<Given>();
  let underWay = 0;
  let delayMs = firstDelayMs;
  let lastRefusal: DeliveryError | undefined;
  let isRetrying = false;
  let broken: { readonly reason: unknown } | undefined;
  let waiting: { readonly isOver: () => boolean; settle(): void; fail(reason: unknown): void }[] = [];

  const isEnded = () => broken !== undefined || signal.aborted;
  const endReason = () => (broken === undefined ? signal.reason : broken.reason);
  const failAll = () => {
    for (const waiter of waiting.splice(0)) waiter.fail(endReason());
  };

  function fail(reason: unknown): void {
    broken ??= { reason };
    failAll();
  }

  function wake(): void {
    const over = waiting.filter(({ isOver }) => isOver());
    waiting = waiting.filter((waiter) => !over.includes(waiter));
    for (const waiter of over) waiter.settle();
    // The signal outlives this object: listeners must be removed.
    if (waiting.length === 0) signal.removeEventListener("abort", failAll);
  }

  function until(isOver: () => boolean): Promise<void> {
    return new Promise((settle, reject) => {
      if (isEnded()) return reject(endReason());
      if (isOver()) return settle();
      if (waiting.length === 0) signal.addEventListener("abort", failAll);
      waiting.push({ isOver, settle, fail: reject });
    });
  }

  async function attempt(one: Given): Promise<void> {
    underWay += 1;
    try {
      await emit(one.arrival);
      one.isSafe = true;
      refused.delete(one);
    } catch (error) {
      if (!(error instanceof DeliveryError) || !error.retryable) return fail(error);
      lastRefusal = error;
      refused.add(one);
    } finally {
      underWay -= 1;
    }
    while (given[0]?.isSafe === true) given.shift()?.safe?.();
    if (refused.size > 0) retryLater();
    wake();
  }

  function retryLater(): void {
    if (isRetrying || isEnded()) return;
    isRetrying = true;
    clock.after(Math.max(lastRefusal?.retryAfterMs ?? 0, delayMs), () => void retry());
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  }

  /** One by one, so that they stay in order, until one is rejected again. */
  async function retry(): Promise<void> {
    for (const one of given.filter((each) => refused.has(each))) {
      if (isEnded()) return;
      await attempt(one);
      if (refused.has(one)) break;
      delayMs = firstDelayMs;
    }
    isRetrying = false;
    if (refused.size > 0) retryLater();
  }

  const hasRoom = () => refused.size === 0 && underWay < maxUnderWay;

  return {
    async give(arrival, safe) {
      await until(hasRoom);
      const one: Given = { arrival, safe, isSafe: false };
      given.push(one);
      void attempt(one);
      await until(hasRoom);
    },
    settled: () => until(() => given.length === 0),
    held() {
      if (refused.size === 0) return undefined;
      const count = refused.size === 1 ? "1 event waits" : `${refused.size} events wait`;
      return `${count} to be taken: ${lastRefusal?.message ?? "not taken"}`;
    },
  };
}
