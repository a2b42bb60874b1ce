// Errors in a timer of a source, which nobody awaits. They are bugs and are logged in full; they must not end
// the process that other sources, and the client, depend on. For all others see daemon/crash-guard.ts.

import type { Clock, Log } from "../contract.ts";
import { stackOf, text } from "../text.ts";

const isBug = "failed through a bug in this program";

/**
 * The clock for one part, whose name begins its log lines: an error in one of its timers is logged and goes
 * no further.
 */
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
