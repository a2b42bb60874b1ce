// One timer for any number of waits of the same length: a timer for each event would cost more than most of
// its processing.

import type { Clock } from "../contract.ts";

/** Starts a wait: `onLate` is called when it has lasted that long, unless the result was called before. */
export type SharedTimeout = (onLate: () => void) => () => void;

interface Wait {
  readonly sinceMs: number;
  onLate(): void;
}

export function createSharedTimeout(clock: Clock, ms: number): SharedTimeout {
  /** In the order of their start. */
  const waits = new Set<Wait>();
  let isArmed = false;

  function arm(): void {
    const [first] = waits;
    isArmed = first !== undefined;
    if (first === undefined) return;
    // A clock that was set back makes no caller wait for more than twice the time.
    const agedMs = Math.max(0, clock.now() - first.sinceMs);
    clock.after(Math.max(0, ms - agedMs), () => fire(first));
  }

  function fire(first: Wait): void {
    const nowMs = clock.now();
    for (const wait of waits) {
      if (wait !== first && nowMs - wait.sinceMs < ms) break;
      waits.delete(wait);
      wait.onLate();
    }
    arm();
  }

  return (onLate) => {
    const wait = { sinceMs: clock.now(), onLate };
    waits.add(wait);
    if (!isArmed) arm();
    return () => void waits.delete(wait);
  };
}
