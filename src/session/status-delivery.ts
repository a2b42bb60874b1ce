// The part of `status` about what happens after an event was accepted: the leader, the sessions and whether
// they listen, what waits, and what failed permanently.

import { cut, cutList } from "../text/clip.ts";
import { line, type SafeLine, type SafeText, safeLine } from "../text.ts";

/** Every part is optional: absent ones are not mentioned. */
export interface DeliveryReport {
  /** The process that runs the sources and the journal. */
  readonly owner?: { readonly pid: number; readonly isThis: boolean; readonly note?: string };
  /** In the order in which they started. */
  readonly sessions?: readonly SessionReport[];
  /** Events that this session can fetch with `pending`. */
  readonly waiting?: number;
  readonly journal?: {
    /** By state, for instance `held` or `sent`; zero counts may be absent. */
    readonly open: Readonly<Record<string, number>>;
    readonly bytes: number;
    /** Why the last write failed. */
    readonly failure?: string;
  };
  /** The latest first; `count` may be more than are listed. */
  readonly dead?: {
    readonly count: number;
    readonly latest: readonly {
      readonly eventId: string;
      readonly channel: string;
      readonly reason?: string;
    }[];
  };
  /** The results of flow control, one line for each channel with any. */
  readonly flow?: readonly string[];
  readonly silences?: readonly {
    readonly channel: string;
    readonly untilMs: number;
    readonly reason: string;
  }[];
}

export interface SessionReport {
  /** The id that `to: { session }` takes. */
  readonly id: string;
  /** True for the session that asks. */
  readonly isThis: boolean;
  readonly listening: "yes" | "no" | "unknown";
  /** The evidence, and for `no` what to do. */
  readonly reason: string;
  readonly label?: string;
  /** The project folder. */
  readonly project?: string;
  /** Its client does not read. */
  readonly isStuck?: boolean;
}

/** In UTF-16 units; see status.ts. */
const limits = { sessions: 800, dead: 400, flow: 500, silences: 300 };

export function describeDelivery(report: DeliveryReport): SafeText[] {
  const { owner, sessions, waiting, journal, dead, flow, silences } = report;
  return [
    ...(owner === undefined ? [] : [describeOwner(owner)]),
    ...(sessions === undefined
      ? []
      : [line`sessions:`, ...cutList(sessions.map(describeSession), limits.sessions, "sessions")]),
    ...(journal === undefined ? [] : [describeJournal(journal)]),
    ...(waiting === undefined || waiting === 0 ? [] : [line`waiting for this session: ${waiting}`]),
    ...(dead === undefined || dead.count === 0
      ? []
      : [
          line`dead letters: ${dead.count}`,
          ...cutList(dead.latest.map(describeDead), limits.dead, "of them"),
        ]),
    ...(flow === undefined || flow.length === 0
      ? []
      : [
          line`flow control:`,
          ...cutList(
            flow.map((words) => line`  ${cut(safeLine(words), 200)}`),
            limits.flow,
            "channels",
          ),
        ]),
    ...(silences === undefined || silences.length === 0
      ? []
      : [line`silent:`, ...cutList(silences.map(describeSilence), limits.silences, "channels")]),
  ];
}

/** Steps, most urgent first. */
export function adviseDelivery(report: DeliveryReport): string[] {
  const { owner, waiting = 0, journal, sessions = [], dead } = report;
  const deaf = sessions.find(({ isThis, listening }) => isThis && listening === "no");
  return [
    ...(owner?.note === undefined
      ? []
      : [
          'this session receives nothing until this is fixed: "channel-router doctor", in a shell, shows what to do',
        ]),
    ...(journal?.failure === undefined
      ? []
      : ["the journal cannot be written, so senders are asked to retry: free disk space"]),
    ...(waiting > 0 ? ["events wait: call pending"] : []),
    ...(deaf === undefined
      ? []
      : [`no event is pushed to this session, because it does not listen: ${deaf.reason}`]),
    ...(dead !== undefined && dead.count > 0
      ? ['dead letters were not acknowledged in time: "channel-router replay EVENT_ID" sends one again']
      : []),
  ];
}

function describeOwner({ pid, isThis, note }: NonNullable<DeliveryReport["owner"]>): SafeLine {
  const who = isThis ? "this process" : "another process";
  return cut(line`owner: ${who} (pid ${pid})${note === undefined ? "" : `, ${note}`}`, 200);
}

function describeSession({
  id,
  isThis,
  listening,
  reason,
  label,
  project,
  isStuck,
}: SessionReport): SafeLine {
  const parts = [
    `  ${id}${isThis ? " (this one)" : ""}`,
    ...(label === undefined ? [] : [`label ${label}`]),
    ...(project === undefined ? [] : [project]),
    ...(isStuck ? ["does not read"] : []),
    `listening: ${listening}, ${reason}`,
  ];
  return cut(line`${parts.join(", ")}`, 240);
}

function describeJournal({ open, bytes, failure }: NonNullable<DeliveryReport["journal"]>): SafeLine {
  const states = Object.entries(open).filter(([, count]) => count > 0);
  const counts = states.map(([state, count]) => `${count} ${state}`).join(", ") || "nothing open";
  const size = `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  return cut(line`journal: ${counts}; ${size}${failure === undefined ? "" : `; failing: ${failure}`}`, 300);
}

function describeDead({
  eventId,
  channel,
  reason,
}: {
  eventId: string;
  channel: string;
  reason?: string;
}): SafeLine {
  return cut(line`  ${eventId} ${channel}${reason === undefined ? "" : `: ${reason}`}`, 120);
}

function describeSilence({
  channel,
  untilMs,
  reason,
}: {
  channel: string;
  untilMs: number;
  reason: string;
}): SafeLine {
  return cut(line`  ${channel} until ${new Date(untilMs).toISOString()}: ${reason}`, 150);
}
