// A source's `rate`: at most this many events in any period of the given length.

/** Undefined: the event may pass, and was counted. Otherwise the milliseconds until the next one may. */
export type Rate = (nowMs: number) => number | undefined;

export function createRate({ max, perMs }: { readonly max: number; readonly perMs: number }): Rate {
  // Grows with the events: `max` may be large where few ever arrive.
  const times: number[] = [];
  let oldest = 0;
  return (nowMs) => {
    const freeAtMs = (times[oldest] ?? Number.NEGATIVE_INFINITY) + perMs;
    // A clock that was set back must not block the source for longer than one period.
    if (freeAtMs > nowMs && freeAtMs - nowMs <= perMs) return freeAtMs - nowMs;
    times[oldest] = nowMs;
    oldest = (oldest + 1) % max;
    return undefined;
  };
}

type Limit = Parameters<typeof createRate>[0];

/** Keeps its history as long as the limit stays the same. */
export function createChangingRate(limit: () => Limit | undefined): Rate {
  let known: Limit | undefined;
  let rate: Rate | undefined;
  return (nowMs) => {
    const now = limit();
    if (now?.max !== known?.max || now?.perMs !== known?.perMs) {
      rate = now === undefined ? undefined : createRate(now);
      known = now;
    }
    return rate?.(nowMs);
  };
}
