// One timer for any number of deadlines. They are kept in buckets, of a second when near and of a minute when
// far, so that a million of them use little RAM. The first and the last deadline of a bucket are met exactly;
// those between fire with the last.

import type { Clock } from "../contract.ts";

const nearMs = 120_000;
/** Longer timers overflow in Node and would fire at once. */
const maxTimerMs = 24 * 60 * 60_000;

export interface Deadlines {
  add(atMs: number): void;
  stop(): void;
}

interface Bucket {
  firstMs: number;
  lastMs: number;
}

/** `onDue` is called at or after each deadline, once for all that have passed. */
export function createDeadlines(clock: Clock, onDue: () => void): Deadlines {
  const near = new Map<number, Bucket>();
  const far = new Map<number, Bucket>();
  let nextMs = Number.POSITIVE_INFINITY;
  let cancel = () => {};
  let stopped = false;

  function arm(): void {
    cancel();
    if (stopped || nextMs === Number.POSITIVE_INFINITY) return;
    cancel = clock.after(Math.min(Math.max(0, nextMs - clock.now()), maxTimerMs), fire);
  }

  function fire(): void {
    const nowMs = clock.now();
    let due = false;
    nextMs = Number.POSITIVE_INFINITY;
    for (const buckets of [near, far])
      for (const [key, bucket] of buckets) {
        if (bucket.firstMs <= nowMs) {
          due = true;
          bucket.firstMs = bucket.lastMs;
          if (bucket.lastMs <= nowMs) {
            buckets.delete(key);
            continue;
          }
        }
        nextMs = Math.min(nextMs, bucket.firstMs);
      }
    arm();
    if (due) onDue();
  }

  return {
    add(atMs) {
      const isNear = atMs - clock.now() <= nearMs;
      const buckets = isNear ? near : far;
      const key = Math.floor(atMs / (isNear ? 1_000 : 60_000));
      const bucket = buckets.get(key);
      if (bucket === undefined) buckets.set(key, { firstMs: atMs, lastMs: atMs });
      else {
        bucket.firstMs = Math.min(bucket.firstMs, atMs);
        bucket.lastMs = Math.max(bucket.lastMs, atMs);
      }
      if (atMs >= nextMs) return;
      nextMs = atMs;
      arm();
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
