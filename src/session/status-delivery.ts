// The part of `status` about what happens after an event was accepted: who owns the sources, which sessions there are and
// whether they listen, what waits, what went wrong for good.

import { clipLines, clipText, oneLine } from "./clip.ts";

/** Every part is optional: what is absent is not mentioned. */
export interface DeliveryReport {
  /** The process that runs the sources and the journal. */
  readonly owner?: { readonly pid: number; readonly isThis: boolean; readonly note?: string };
  /** In the order in which they started. */
  readonly sessions?: readonly SessionReport[];
  /** Events that this session can fetch with `pending`. */
  readonly waiting?: number;
  readonly journal?: {
    /** By state, for instance `held` or `sent`; those that are 0 may be left out. */
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
  /** What flow control came to, a line for each channel that it did something for. */
  readonly flow?: readonly string[];
  readonly silences?: readonly {
    readonly channel: string;
    readonly untilMs: number;
    readonly reason: string;
  }[];
}

export interface SessionReport {
  /** As `to: { session }` takes it. */
  readonly id: string;
  /** True for the session that asks. */
  readonly isThis: boolean;
  readonly listening: "yes" | "no" | "unknown";
  /** What that rests on, and for `no` what to do. */
  readonly reason: string;
  readonly label?: string;
  /** The project folder. */
  readonly project?: string;
  /** Its client takes nothing that is written to it. */
  readonly isStuck?: boolean;
}

/** In UTF-16 units; see status.ts. */
const limits = { sessions: 800, dead: 400, flow: 500, silences: 300 };

export function describeDelivery(report: DeliveryReport): string[] {
  const { owner, sessions, waiting, journal, dead, flow, silences } = report;
  return [
    ...(owner === undefined ? [] : [describeOwner(owner)]),
    ...(sessions === undefined
      ? []
      : ["sessions:", ...clipLines(sessions.map(describeSession), limits.sessions, "sessions")]),
    ...(journal === undefined ? [] : [describeJournal(journal)]),
    ...(waiting === undefined || waiting === 0 ? [] : [`waiting for this session: ${waiting}`]),
    ...(dead === undefined || dead.count === 0
      ? []
      : [`dead letters: ${dead.count}`, ...clipLines(dead.latest.map(describeDead), limits.dead, "of them")]),
    ...(flow === undefined || flow.length === 0
      ? []
      : [
          "flow control:",
          ...clipLines(
            flow.map((line) => `  ${clipText(oneLine(line), 200)}`),
            limits.flow,
            "channels",
          ),
        ]),
    ...(silences === undefined || silences.length === 0
      ? []
      : ["silent:", ...clipLines(silences.map(describeSilence), limits.silences, "channels")]),
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
          'this session receives nothing while that is so: "channel-router doctor", in a shell, says what to do',
        ]),
    ...(journal?.failure === undefined
      ? []
      : ["the journal cannot be written, so senders are told to try again: free disk space"]),
    ...(waiting > 0 ? ["events wait: call pending"] : []),
    ...(deaf === undefined
      ? []
      : [`no event is pushed to this session, because it does not listen: ${oneLine(deaf.reason)}`]),
    ...(dead !== undefined && dead.count > 0
      ? ['dead letters were not acknowledged in time: "channel-router replay EVENT_ID" sends one again']
      : []),
  ];
}

function describeOwner({ pid, isThis, note }: NonNullable<DeliveryReport["owner"]>): string {
  const who = isThis ? "this process" : "another process";
  return clipText(`owner: ${who} (pid ${pid})${note === undefined ? "" : `, ${oneLine(note)}`}`, 200);
}

function describeSession({ id, isThis, listening, reason, label, project, isStuck }: SessionReport): string {
  const parts = [
    `  ${id}${isThis ? " (this one)" : ""}`,
    ...(label === undefined ? [] : [`label ${label}`]),
    ...(project === undefined ? [] : [project]),
    ...(isStuck ? ["does not read"] : []),
    `listening: ${listening}, ${oneLine(reason)}`,
  ];
  return clipText(parts.join(", "), 240);
}

function describeJournal({ open, bytes, failure }: NonNullable<DeliveryReport["journal"]>): string {
  const states = Object.entries(open).filter(([, count]) => count > 0);
  const counts = states.map(([state, count]) => `${count} ${state}`).join(", ") || "nothing open";
  const size = `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  return clipText(
    `journal: ${counts}; ${size}${failure === undefined ? "" : `; failing: ${oneLine(failure)}`}`,
    300,
  );
}

function describeDead({
  eventId,
  channel,
  reason,
}: {
  eventId: string;
  channel: string;
  reason?: string;
}): string {
  return clipText(`  ${eventId} ${channel}${reason === undefined ? "" : `: ${oneLine(reason)}`}`, 120);
}

function describeSilence({
  channel,
  untilMs,
  reason,
}: {
  channel: string;
  untilMs: number;
  reason: string;
}): string {
  return clipText(`  ${channel} until ${new Date(untilMs).toISOString()}: ${oneLine(reason)}`, 150);
}
