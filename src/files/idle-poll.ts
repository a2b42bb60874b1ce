// When those look again that have nothing to do, and to whom all that happens is reported.

const quietLookMs = 30_000;
/** A pause shorter than this would be a second look for nothing: a clock may be a little early. */
const leastMs = 100;

/** How long until the next quiet look of all sources: to wake up once for many costs less than many times. */
export function msUntilIdlePoll(nowMs: number): number {
  const leftMs = quietLookMs - (nowMs % quietLookMs);
  return leftMs < leastMs ? leftMs + quietLookMs : leftMs;
}
