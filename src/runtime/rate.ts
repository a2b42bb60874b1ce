// A source's `rate`: at most so many events in any stretch of time.

/** Undefined: the event may pass, and was counted. Otherwise the milliseconds until the next one may. */
export type Rate = (nowMs: number) => number | undefined;

export function createRate({ max, perMs }: { readonly max: number; readonly perMs: number }): Rate {
  // Grows with the events that come: `max` may be large where few ever do.
  const times: number[] = [];
  let oldest = 0;
  return (nowMs) => {
    const freeAtMs = (times[oldest] ?? Number.NEGATIVE_INFINITY) + perMs;
    // A clock that was set back must not lock the source for longer than one period.
    if (freeAtMs > nowMs && freeAtMs - nowMs <= perMs) return freeAtMs - nowMs;
    times[oldest] = nowMs;
    oldest = (oldest + 1) % max;
    return undefined;
  };
}
