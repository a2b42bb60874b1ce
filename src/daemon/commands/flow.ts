// The results of flow control, by channel, for both kinds of `status`.

import type { ChannelFlow } from "../../control/protocol.ts";

import type { OpenGroup, Shaping } from "../../dispatch/shaping/driver.ts";
import { showTime } from "../../shaping/describe.ts";

export function channelFlows(
  report: ReturnType<Shaping["report"]>,
  dropped: ReadonlyMap<string, number>,
): ChannelFlow[] {
  const channels = new Set([
    ...report.counts.keys(),
    ...dropped.keys(),
    ...report.open.map(({ channel }) => channel),
  ]);
  return [...channels].sort().map((channel) => {
    const counts = report.counts.get(channel);
    return {
      channel,
      throttled: counts?.throttled ?? 0,
      dropped: dropped.get(channel) ?? 0,
      superseded: counts?.superseded ?? 0,
      quieted: counts?.quieted ?? 0,
      over_hour: counts?.overHour ?? 0,
      digests: counts?.digests ?? 0,
      folded: counts?.folded ?? 0,
      collecting: collecting(report.open.filter((group) => group.channel === channel)),
    };
  });
}

function collecting(groups: readonly OpenGroup[]): ChannelFlow["collecting"] {
  const reasons = [...new Set(groups.map(({ reason }) => reason))];
  return reasons.map((reason) => {
    const of = groups.filter((group) => group.reason === reason);
    return {
      reason,
      groups: of.length,
      events: of.reduce((sum, { count }) => sum + count, 0),
      next: new Date(Math.min(...of.map(({ dueMs }) => Math.max(0, dueMs)))).toISOString(),
    };
  });
}

/** `ci: 12 throttled, 3 digests of 40 events; collecting 7 for digest until 2026-01-05 09:10:00 UTC`. */
export function describeFlow({ channel, collecting: open, ...counts }: ChannelFlow): string {
  const { throttled, dropped, superseded, quieted, over_hour, digests, folded } = counts;
  const parts = [
    ...some(throttled, "throttled"),
    ...some(dropped, "dropped"),
    ...some(superseded, "superseded"),
    ...some(quieted, "held by quiet"),
    ...some(over_hour, "over the hour"),
    ...(digests === 0 ? [] : [`${digests} ${digests === 1 ? "digest" : "digests"} of ${folded} events`]),
  ];
  const now = open.map(
    ({ reason, groups, events, next }) =>
      `collecting ${events} for ${reason}${groups === 1 ? "" : ` in ${groups} groups`} until ${showTime(Date.parse(next))}`,
  );
  return `${channel}: ${[parts.join(", "), ...now].filter((part) => part !== "").join("; ")}`;
}

function some(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}`];
}
