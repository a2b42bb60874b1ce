// Bounds what one source may have in progress. A burst waits in order; what would wait too long, or behind
// too many, is rejected, and its sender retries.

import type { Clock } from "../contract.ts";
import { DeliveryError } from "../errors.ts";

interface TurnsOptions {
  readonly clock: Clock;
  /** The caller, for the message. */
  readonly source: string;
  readonly maxUnderWay: number;
  readonly maxWaiting: number;
  readonly timeoutMs: number;
}

export interface Semaphore {
  /** Undefined: `take` would go ahead. Otherwise settles when it may; call it again then. */
  free(): Promise<void> | undefined;
  /** Undefined: go ahead. Otherwise settles when it is the caller's turn; rejects with E_OUTSTANDING. */
  take(): Promise<void> | undefined;
  /** Call it once for each turn that was taken. */
  release(): void;
}

export function createSemaphore({
  clock,
  source,
  maxUnderWay,
  maxWaiting,
  timeoutMs,
}: TurnsOptions): Semaphore {
  const waiting = new Set<() => void>();
  let underWay = 0;
  /** Settles at the next release. */
  let freed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  const refusal = () =>
    new DeliveryError("E_OUTSTANDING", `too many pending events for source "${source}"`, {
      retryAfterMs: 1_000,
    });

  return {
    free() {
      if (underWay < maxUnderWay) return undefined;
      if (freed === undefined) {
        let resolve = () => {};
        const promise = new Promise<void>((settle) => {
          resolve = settle;
        });
        freed = { promise, resolve };
      }
      return freed.promise;
    },
    take() {
      if (underWay < maxUnderWay) {
        underWay += 1;
        return undefined;
      }
      if (waiting.size >= maxWaiting) throw refusal();
      return new Promise((resolve, reject) => {
        const enter = () => {
          cancel();
          resolve();
        };
        const cancel = clock.after(timeoutMs, () => {
          waiting.delete(enter);
          reject(refusal());
        });
        waiting.add(enter);
      });
    },
    release() {
      freed?.resolve();
      freed = undefined;
      const [next] = waiting;
      if (next === undefined) {
        underWay -= 1;
        return;
      }
      waiting.delete(next);
      next();
    },
  };
}
