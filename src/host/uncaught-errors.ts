// Failures in a timer of a source's own, which nobody waits for. They are bugs, told whole; they may not end the process that other
// sources, and the client, depend on. For all others see daemon/crash-guard.ts.

import type { Clock, Log } from "../contract.ts";
import { stackOf, text } from "../text.ts";

const isBug = "failed through a bug in this program";

/** The clock for one part, which begins the lines of the log: what throws in a timer of its own is told and goes no further. */
export function clockFor(subject: string, clock: Clock, log: Log): Clock {
  return {
    now: clock.now,
    after: (ms, run) =>
      clock.after(ms, () => {
        try {
          run();
        } catch (error) {
          log.error(text`${subject} ${isBug}: ${stackOf(error)}`);
        }
      }),
  };
}
