// When those look again that have nothing to do, and to whom all that happens is reported.

/** A pause shorter than this would be a second look for nothing: a clock may be a little early. */
const leastMs = 100;

/** How long until the next look of all that look so often: together, for to wake up once for many costs less than many times. */
export function untilNextLookMs(everyMs: number, nowMs: number): number {
  const leftMs = everyMs - (nowMs % everyMs);
  return leftMs < leastMs ? leftMs + everyMs : leftMs;
}
