// A client library that throws where nobody can catch it must not take down every other source of the process, and every
// session with it: the fault is told, and all else goes on. What was being done is lost with it, and tried again by whoever
// waits for it, as after a failed call. A process that does nothing but fail ends.

import type { Clock, Log } from "../contract.ts";
import { stackOf, text } from "../text.ts";

interface Faulty {
  on(name: "uncaughtException" | "unhandledRejection", listener: (error: unknown) => void): unknown;
}

const withinMs = 60_000;
const maxTold = 10;
const maxFaults = 200;

/** `giveUp`: called when faults come faster than any of them could be worth surviving. */
export function guardAgainstCrashes(
  log: Pick<Log, "error">,
  clock: Pick<Clock, "now">,
  giveUp: () => void,
  process: Faulty = globalThis.process,
): void {
  let sinceMs = clock.now();
  let count = 0;

  function survive(error: unknown): void {
    // Nobody reads what we write to them; telling that would be the next of these.
    if ((error as NodeJS.ErrnoException | undefined)?.code === "EPIPE") return;
    if (clock.now() - sinceMs > withinMs) {
      sinceMs = clock.now();
      count = 0;
    }
    count += 1;
    if (count <= maxTold)
      log.error(text`something failed that nobody waits for, and all else goes on: ${stackOf(error)}`);
    if (count > maxFaults) giveUp();
  }

  process.on("uncaughtException", survive);
  process.on("unhandledRejection", survive);
}
