// The next idle poll of sources that have nothing to do and receive change reports.

const quietLookMs = 30_000;
/** A shorter pause would only repeat the last look: a clock may be a little early. */
const leastMs = 100;

/**
 * Time until the next common idle poll of all sources: waking up once for many is cheaper than many times.
 */
export function msUntilIdlePoll(nowMs: number): number {
  const leftMs = quietLookMs - (nowMs % quietLookMs);
  return leftMs < leastMs ? leftMs + quietLookMs : leftMs;
}
