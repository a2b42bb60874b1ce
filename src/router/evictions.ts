// Reports that something was evicted before its time, because more arrived than can be remembered. Once an
// hour for each filter: a flood must not fill the log, too.

import type { Clock, Log } from "../contract.ts";
import { line } from "../text.ts";

const everyMs = 60 * 60 * 1_000;
/** The consequence for the filters of a channel, by the name of the filter. */
const losses: Readonly<Record<string, string>> = {
  dedupe: "an event with one of them counts as new",
  changed: "the next event of one of them counts as changed",
  throttle: "their windows start again",
};

/** The result is called with the scope of what was evicted. */
export function createEvictionReport(log: Log, clock: Pick<Clock, "now">): (scope: string) => void {
  const reportedMs = new Map<string, number>();
  return (scope) => {
    const [name = "", kind = ""] = scope.split("/");
    const subject = `${name}/${kind}`;
    const nowMs = clock.now();
    if (Math.abs(nowMs - (reportedMs.get(subject) ?? Number.NEGATIVE_INFINITY)) < everyMs) return;
    reportedMs.set(subject, nowMs);
    if (kind === "proof")
      log.warn(
        line`source ${name}: too many signed requests to remember: the oldest were dropped early, and would be accepted again if replayed`,
      );
    else if (losses[kind] !== undefined)
      log.warn(
        line`channel ${name}: ${kind} has too many keys to remember: the oldest were dropped early; ${losses[kind]}`,
      );
  };
}
