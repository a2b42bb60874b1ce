// A client library that throws where nobody can catch it must not take down all other sources of the process,
// and every session with it: the error is logged, and everything else continues. The operation that failed is
// lost, and retried by its caller, as after a failed call. A process that only fails is stopped.

import type { Clock, Log } from "../contract.ts";
import { stackOf, text } from "../text.ts";

interface Faulty {
  on(name: "uncaughtException" | "unhandledRejection", listener: (error: unknown) => void): unknown;
}

const withinMs = 60_000;
const maxLogged = 10;
const maxFaults = 200;

/** `giveUp`: called when errors arrive faster than they can be worth surviving. */
export function guardAgainstCrashes(
  log: Pick<Log, "error">,
  clock: Pick<Clock, "now">,
  giveUp: () => void,
  process: Faulty = globalThis.process,
): void {
  let sinceMs = clock.now();
  let count = 0;

  function logUncaught(error: unknown): void {
    // The stream has no reader; logging that would raise the next such error.
    if ((error as NodeJS.ErrnoException | undefined)?.code === "EPIPE") return;
    if (clock.now() - sinceMs > withinMs) {
      sinceMs = clock.now();
      count = 0;
    }
    count += 1;
    if (count <= maxLogged) log.error(text`unhandled error, everything else continues: ${stackOf(error)}`);
    if (count > maxFaults) giveUp();
  }

  process.on("uncaughtException", logUncaught);
  process.on("unhandledRejection", logUncaught);
}
