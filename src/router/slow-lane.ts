// Events that anybody could have made are admitted in slices: a few milliseconds of them, then everything
// else that is ready has its turn. However many there are, a request of a proven sender waits for one slice
// and not for all of them.

export interface SlowLane {
  /**
   * Runs the work now while this turn of the event loop has time for it, else in order in one of the next.
   */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Of one turn of the event loop, for all sources together. */
const sliceMs = 5;

export function createSlowLane(now: () => number = () => performance.now()): SlowLane {
  const waiting = new Set<() => void>();
  let usedMs = 0;
  let isSliced = false;

  function timed(work: () => void): void {
    const startedMs = now();
    work();
    usedMs += now() - startedMs;
  }

  function nextSlice(): void {
    isSliced = false;
    usedMs = 0;
    for (const work of waiting) {
      if (usedMs >= sliceMs) break;
      waiting.delete(work);
      timed(work);
    }
    if (waiting.size > 0) slice();
  }

  function slice(): void {
    if (isSliced) return;
    isSliced = true;
    // After the sockets that are ready, which may bring requests of others.
    setImmediate(nextSlice);
  }

  return {
    run: (work) =>
      new Promise((resolve) => {
        const begin = () => resolve(work());
        slice();
        if (waiting.size === 0 && usedMs < sliceMs) timed(begin);
        else waiting.add(begin);
      }),
  };
}
