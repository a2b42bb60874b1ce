// Describes shaping: for the trace of an admission, for `why`, `explain` and `status`, and for the first line
// of a digest.

import { showDuration } from "../dates.ts";
import { keyText } from "../key-parts.ts";
import type { Reason, ShapingOptions } from "./options.ts";
import type { Hold } from "./shaper.ts";

/** A period of time to about two digits. */
export function showSpan(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 100) return `${seconds}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes}m`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.round(hours / 24)}d`;
}

/** `2026-01-05T09:00:30.000Z` -> `2026-01-05 09:00:30 UTC`. */
export function showTime(ms: number): string {
  return Number.isFinite(ms) ? `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC` : "forever";
}

/** Why these events were combined. */
export function describeReason(reason: Reason, { throttle, hour }: Partial<ShapingOptions>): string {
  switch (reason) {
    case "throttle":
      return throttle === undefined
        ? "over the throttle"
        : `over the throttle of ${throttle.max} in ${showDuration(throttle.perMs)}`;
    case "digest":
      return "digest";
    case "quiet":
      return "from quiet time";
    case "hour":
      return `over the hour's budget${hour === undefined ? "" : ` of ${hour} tokens`}`;
  }
}

export function describeHold(hold: Hold): string {
  if (hold.by === "closing") return "is being folded into a digest now";
  const { untilMs, count, key } = hold;
  const of = key === "" ? "" : ` of ${JSON.stringify(keyText(key))}`;
  const others = count > 1 ? ` with ${count - 1} more` : "";
  switch (hold.by) {
    case "throttle":
      return `throttle: over the limit${of}, waits${others} for the window to close at ${showTime(untilMs)}`;
    case "digest":
      return `digest: collected${of}${others} until ${showTime(untilMs)}`;
    case "quiet":
      return `quiet: waits${others} until ${showTime(untilMs)}`;
    case "hour":
      return `budget.hour: session ${hold.session} is over its hour; waits${others}, at least until ${showTime(untilMs)}`;
  }
}

/** What will happen to events of a channel, in that order: for `explain` and `status`. */
export function describeShaping(options: ShapingOptions): string[] {
  const { throttle, digest, supersedes, quiet, hour } = options;
  return [
    ...(supersedes ? ["supersede: replaces an older one that was not sent yet"] : []),
    ...(throttle === undefined
      ? []
      : [
          `throttle: ${throttle.max} in ${showDuration(throttle.perMs)}, the rest ${throttle.overflow === "drop" ? "is dropped" : "comes as one summary"}`,
        ]),
    ...(digest === undefined
      ? []
      : [
          `digest: ${showDuration(digest.waitMs)} after the first event, then every ${showDuration(digest.everyMs)}${digest.max === undefined ? "" : `, or at ${digest.max} events`}`,
        ]),
    ...(quiet.length === 0 ? [] : [`quiet: ${quiet.map(describeWindow).join("; ")}`]),
    ...(hour === undefined ? [] : [`budget.hour: ${hour} tokens of this channel`]),
  ];
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function describeWindow({ days, from, to, tz }: ShapingOptions["quiet"][number]): string {
  const clock = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  const on = days.length === 7 ? "" : `${days.map((day) => dayNames[day]).join(" ")} `;
  return `${on}${clock(from)} to ${clock(to)} ${tz}`;
}
