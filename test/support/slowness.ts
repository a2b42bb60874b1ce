// How much slower this machine is now than the one on which a bound of a test was chosen.

/** Never below 1: a fast machine does not loosen a bound, nor tighten it. */
export function slowness(): number {
  let fastest = Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let round = 0; round < 5; round++) {
    const { user } = process.cpuUsage();
    for (let n = 0; n < 20_000_000; n++) sum = (sum + n * 31) | 0;
    fastest = Math.min(fastest, (process.cpuUsage().user - user) / 1_000);
  }
  // The sum is used, so that the loop is not left out.
  return Number.isNaN(sum) ? 1 : Math.max(1, fastest / 30);
}
