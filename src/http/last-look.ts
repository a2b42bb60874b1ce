// Before a sender is considered too slow: its data may be in the socket while this process was the slow one,
// stopped or starved. Timers fire before sockets are read, so a time-out alone cannot distinguish the two.

/**
 * After this time without progress the data is not in the socket either. The rest of a large body follows
 * only as the first part is read.
 */
const quietMs = 100;
/** A sender that trickles is not read forever. */
const mostMs = 2_000;
const betweenMs = 5;

/** Settles when `isDone`, when `progress` has not changed for a moment, or after two seconds. */
export async function lookOnceMore(progress: () => number, isDone: () => boolean): Promise<void> {
  const beganMs = performance.now();
  let sinceMs = beganMs;
  let before = progress();
  // A turn of the event loop reads the sockets.
  for (let turn = 0; !isDone(); turn += 1) {
    await (turn < 3 ? new Promise(setImmediate) : new Promise((resolve) => setTimeout(resolve, betweenMs)));
    const nowMs = performance.now();
    const now = progress();
    if (now !== before) sinceMs = nowMs;
    else if (turn >= 3 && nowMs - sinceMs > quietMs) return;
    before = now;
    if (nowMs - beganMs > mostMs) return;
  }
}
