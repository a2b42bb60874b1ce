// The real clock. Tests pass in their own.

import type { Clock } from "./contract.ts";

/** The longest delay that a timer keeps; a longer one fires at once. */
const longestMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    let timer: NodeJS.Timeout;
    function wait(leftMs: number): void {
      const next = leftMs > longestMs ? () => wait(leftMs - longestMs) : run;
      timer = setTimeout(next, Math.min(leftMs, longestMs));
      timer.unref();
    }
    wait(ms);
    return () => clearTimeout(timer);
  },
};
