// Reports that something was forgotten before its time, because more came than can be remembered. Once an hour for each filter: a
// flood must not fill the log, too.

import type { Clock, Log } from "../contract.ts";
import { line } from "../text.ts";

const everyMs = 60 * 60 * 1_000;
/** What the filters of a channel lose, by the name of the filter. */
const losses: Readonly<Record<string, string>> = {
  dedupe: "an event with one of them counts as new",
  changed: "the next event of one of them counts as changed",
  throttle: "their windows begin anew",
};

/** The result takes the scope of what was forgotten. */
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
        line`source ${name}: more signed requests came than can be remembered: the oldest were forgotten early, and one of them would be taken again if somebody sent it again`,
      );
    else if (losses[kind] !== undefined)
      log.warn(
        line`channel ${name}: ${kind} has more keys than can be remembered: the oldest were forgotten early; ${losses[kind]}`,
      );
  };
}
