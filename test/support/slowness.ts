// How much slower this machine is now than the one on which a bound of a test was chosen.

import { deflateSync } from "node:zlib";

const numbers = Array.from({ length: 40_000 }, (_, n) => (n * 2_654_435_761) % 4_294_967_296);
const text = Buffer.from(numbers.join(" "));

/**
 * Never below 1: a fast machine does not loosen a bound, nor tighten it. Measured with a library in machine code: a loop of ours took 18 or
 * 107 ms on one machine, depending on how V8 had compiled it, which is not what a bound should depend on.
 */
export function slowness(): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    deflateSync(text);
    const { user, system } = process.cpuUsage(before);
    fastest = Math.min(fastest, (user + system) / 1_000);
  }
  return Math.max(1, fastest / 3);
}
