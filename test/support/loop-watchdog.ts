// Says for how long the event loop was blocked: the longest time that passed between two of its turns while something ran. The
// processor time that this process took in between bounds it, so that a busy machine does not look like a busy loop.

import { expect } from "vitest";

/** What a config, the network or the model may block the event loop for at most, in milliseconds. */
export const maxBlockMs = 250;

export interface LoopWatchdog {
  /** Ends the watch. The longest block in milliseconds; a block that lasts until now counts too. */
  stop(): number;
}

/** Watches the event loop of this process (or worker) from now on. */
export function watchLoop(): LoopWatchdog {
  let longestMs = 0;
  let lastMs = performance.now();
  let lastUsage = process.cpuUsage();
  const look = (): void => {
    const nowMs = performance.now();
    const { user, system } = process.cpuUsage(lastUsage);
    longestMs = Math.max(longestMs, Math.min(nowMs - lastMs, (user + system) / 1_000));
    lastMs = nowMs;
    lastUsage = process.cpuUsage();
  };
  let turn: NodeJS.Immediate | undefined;
  const goRound = (): void => {
    look();
    turn = setImmediate(goRound);
  };
  goRound();
  return {
    stop() {
      clearImmediate(turn);
      look();
      return longestMs;
    },
  };
}

/** Does the work, and gives its result and the longest block while it ran. */
export async function withWatchdog<T>(
  work: () => T | Promise<T>,
): Promise<{ readonly result: T; readonly blockedMs: number }> {
  // A turn of its own: what led here is not part of the work.
  await new Promise((resolve) => setImmediate(resolve));
  const watchdog = watchLoop();
  try {
    const result = await work();
    return { result, blockedMs: watchdog.stop() };
  } finally {
    watchdog.stop();
  }
}

/**
 * Does the work and fails when it blocked the event loop for longer than `atMostMs`. A slow try is made again (the first one
 * compiles the code, and garbage is collected now and then): the best of three counts.
 */
export async function expectNoBlock<T>(work: () => T | Promise<T>, atMostMs = maxBlockMs): Promise<T> {
  const blocks: number[] = [];
  for (;;) {
    const { result, blockedMs } = await withWatchdog(work);
    blocks.push(Math.round(blockedMs));
    if (blockedMs <= atMostMs) return result;
    if (blocks.length === 3)
      expect(blocks, `the event loop was blocked for longer than ${atMostMs} ms`).toEqual([]);
  }
}
