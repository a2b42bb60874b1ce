// Builds the report about the running router, collected from its parts: for the command `status` and, as one
// session sees it, for the tool of that name. The report itself is described in session/tools/status.ts.

import { join } from "node:path";
import { realPath, stateRoot } from "../config/paths.ts";
import type { DoorbellReport } from "../dispatch/doorbell/doorbell.ts";
import type { OpenGroup } from "../dispatch/shaping/driver.ts";
import { describeRefusals, type RefusalReport } from "../http/refusals.ts";
import type { Router } from "../router/router.ts";
import type {
  FlowReport,
  PowerReport,
  RefusedReport,
  SessionReport,
  SessionStatus,
  SinkReport,
  SourceReport,
  StatusReport,
} from "../session/tools/status.ts";
import { showTime } from "../shaping/describe.ts";
import { countOf } from "../text/clip.ts";
import { line } from "../text.ts";
import { version } from "../version.ts";
import { activeSwitches } from "./client-switches.ts";
import { daemonPowers } from "./commands/power-answers.ts";
import { isWaitingNote, waitingPowers } from "./messages.ts";
import type { DaemonSession } from "./sessions.ts";
import { type DaemonState, type RunningParts, waitsForUse } from "./state.ts";

export function statusReport(state: DaemonState): StatusReport {
  const { options, tally } = state;
  const running = state.running();
  const router = running?.router.report();
  const verdict = state.verdict();
  const isFound = state.config() !== undefined;
  const { file, tried, insteadOf } = state.found();
  const none = { accepted: 0, duplicate: 0, dropped: 0, unmatched: 0, refused: 0 };
  return {
    version,
    pid: process.pid,
    epoch: options.role.term,
    background: options.background,
    config: realPath(file ?? (tried[0] as string)),
    ...(isFound ? {} : { searched: tried }),
    ...(insteadOf === undefined ? {} : { in_place_of: insteadOf }),
    folder: options.folder,
    env_file: join(stateRoot(process.env), ".env"),
    switches: activeSwitches(process.env),
    started: timeOf(state.startedMs),
    active: running === undefined ? "none" : isBroken(state) ? "previous" : "file",
    problems: isFound ? state.problems() : [line`no config file; looked for ${tried.join(", ")}`],
    ...(verdict === undefined
      ? {}
      : {
          last_reload: {
            time: timeOf(verdict.timeMs),
            ok: verdict.ok,
            text: verdict.text,
            notes: verdict.notes.filter((note) => !isOver(state, note)),
          },
        }),
    ...(router?.address === undefined ? {} : { address: router.address }),
    ...consoleReport(state),
    powers: daemonPowers(state),
    sources: (router?.sources ?? []).map(sourceReport),
    ...(router?.unrouted === undefined ? {} : { unrouted: refusedReport(router.unrouted) }),
    channels: (state.used()?.plan.channels ?? []).map(({ name, from, receipt, answers, sinks }) => ({
      name,
      from,
      receipt: receipt !== undefined,
      answerable: answers.length > 0,
      sinks,
    })),
    sinks: (running?.sinks.report() ?? []).map(
      ({ lastError, ...sink }): SinkReport => ({
        ...sink,
        ...(lastError === undefined ? {} : { last_error: lastError }),
      }),
    ),
    counts: {
      ...(router?.counts ?? none),
      sent: tally.sent(),
      shown: tally.shown(),
      read: tally.readEvents(),
      acked: tally.ackedEvents(),
    },
    sessions: sessionReports(state),
    unanswered: (state.chat()?.unanswered() ?? []).map(({ eventId, source, name, timeMs, session }) => ({
      event_id: eventId,
      source,
      name,
      time: timeOf(timeMs),
      ...(session === undefined ? {} : { session }),
    })),
    journal: journalReport(running, state),
    shaping: running === undefined ? [] : flowReports(running.shaping.report(), tally.dropped()),
    silences: (running?.dispatcher.report().silences ?? []).map(({ channel, untilMs, reason }) => ({
      channel,
      until: timeOf(untilMs),
      ...(reason === "" ? {} : { reason }),
    })),
  };
}

/** The report for the session that asks. */
export function sessionStatus(state: DaemonState, session: DaemonSession): SessionStatus {
  const { role, notes } = state.options;
  const report = statusReport(state);
  const received = session.initializeResult()?.instructions;
  const { instructions } = state.initializeResult() ?? {};
  return {
    report: { ...report, problems: state.problems(), powers: powersForModel(state, report.powers ?? []) },
    session: session.id,
    isLeader: session.attached.local,
    ...(role.reason === undefined ? {} : { alone: role.reason }),
    waiting: state.running()?.dispatcher.waiting(session.id) ?? 0,
    ...(instructions === undefined || instructions === received ? {} : { instructions }),
    next: [...notes, ...adviseConsent(state, report.powers ?? [])],
  };
}

export function sessionReports({ sessions, running, wake }: DaemonState): SessionReport[] {
  const dispatched = running()?.dispatcher.report().sessions ?? [];
  const byId = new Map(dispatched.map((one) => [one.id, one]));
  return sessions.list().map((session) => {
    const { project, label, details } = session.attached.facts();
    const switches = Array.isArray(details?.switches) ? details.switches.map(String) : [];
    const client = session.client();
    const { stuckSinceMs: stuckMs, rings } = byId.get(session.id) ?? {};
    const listening = session.listening();
    const isWoken = listening.state === "no" && wake().state !== "off";
    const shown = session.shown();
    const { name, isIdle } = session.inClient();
    return {
      id: session.id,
      pid: session.attached.pid,
      project,
      ...(label === undefined ? {} : { label }),
      ...(name === undefined ? {} : { name }),
      ...(isIdle === undefined ? {} : { idle: isIdle }),
      ...(switches.length === 0 ? {} : { switches }),
      ...(client === undefined ? {} : { client: `${client.name} ${client.version}` }),
      listening,
      since: timeOf(session.startedMs),
      sent: session.sent(),
      ...(shown === undefined ? {} : { shown }),
      ...(stuckMs === undefined ? {} : { stuck_since: timeOf(stuckMs) }),
      ...(isWoken ? { wake: wakeReport(session.wake(), rings) } : {}),
    };
  });
}

function wakeReport(
  { way, reason }: ReturnType<DaemonSession["wake"]>,
  { lastRingMs, unanswered, hasGivenUp }: DoorbellReport = { unanswered: 0, hasGivenUp: false },
): NonNullable<SessionReport["wake"]> {
  const failed = reason === undefined ? "" : `; the last ring failed: ${reason}`;
  const answers = hasGivenUp
    ? `; stopped after ${countOf(unanswered, "unanswered ring")}, until Claude calls pending`
    : unanswered === 0
      ? ""
      : `; ${countOf(unanswered, "ring")} unanswered`;
  return {
    ...(way === undefined ? {} : { way }),
    ...(lastRingMs === undefined ? {} : { last_ring: timeOf(lastRingMs) }),
    unanswered,
    ...(hasGivenUp ? { stopped: true as const } : {}),
    text: way === undefined ? `not possible: ${reason ?? "unknown"}` : `by ${way}${answers}${failed}`,
  };
}

/** A note of the last reload about a consent that the user has given since. */
function isOver({ config, running, trust }: DaemonState, note: string): boolean {
  if (!isWaitingNote(note)) return false;
  const now = running()?.config ?? config();
  return now === undefined || !waitingPowers(now, trust.consent()).includes(note);
}

/** The config that runs is not the one of the file: that is broken, or could not be applied. */
function isBroken(state: DaemonState): boolean {
  return (state.config()?.issues.length ?? 1) > 0 || state.verdict()?.ok === false;
}

function sourceReport(report: ReturnType<Router["report"]>["sources"][number]): SourceReport {
  const { endpointInfo, refused, lastEventMs, lastError, lacksLibrary: _, nextTryMs, ...source } = report;
  return {
    ...source,
    ...(lastEventMs === undefined ? {} : { last_event: timeOf(lastEventMs) }),
    ...(lastError === undefined ? {} : { last_error: lastError }),
    ...(nextTryMs === undefined ? {} : { next_try: timeOf(nextTryMs) }),
    ...(endpointInfo === undefined ? {} : { address: endpointInfo.address }),
    ...(endpointInfo?.example === undefined ? {} : { try_it: endpointInfo.example }),
    ...(endpointInfo?.noExample === undefined ? {} : { no_try_it: endpointInfo.noExample }),
    ...(refused === undefined ? {} : { refused: refusedReport(refused) }),
  };
}

function consoleReport({ console }: DaemonState): Pick<StatusReport, "console" | "console_problem"> {
  const served = console();
  const address = served?.address();
  const problem = served?.problem();
  return {
    ...(address === undefined ? {} : { console: address }),
    ...(problem === undefined ? {} : { console_problem: problem }),
  };
}

function refusedReport(report: RefusalReport): RefusedReport {
  const { timeMs, ...last } = report.last;
  return {
    statuses: report.statuses,
    last: { ...last, time: timeOf(timeMs) },
    text: describeRefusals(report),
  };
}

function journalReport(running: RunningParts | undefined, { tally }: DaemonState): StatusReport["journal"] {
  const { open, counts, bytes, failure } = running?.journal.stats() ?? { open: 0, counts: [], bytes: 0 };
  const states: Record<string, number> = {};
  for (const { state, count } of counts) states[state] = (states[state] ?? 0) + count;
  return {
    open,
    states,
    dead: tally.dead(),
    dead_letters: tally.deadLetters().map(({ eventId, ...letter }) => ({ event_id: eventId, ...letter })),
    bytes,
    ...(failure === undefined ? {} : { failure }),
  };
}

function flowReports(
  { counts, open }: ReturnType<RunningParts["shaping"]["report"]>,
  dropped: ReadonlyMap<string, number>,
): FlowReport[] {
  const channels = new Set([...counts.keys(), ...dropped.keys(), ...open.map(({ channel }) => channel)]);
  return [...channels].sort().map((channel) => {
    const of = counts.get(channel);
    const flow = {
      channel,
      throttled: of?.throttled ?? 0,
      dropped: dropped.get(channel) ?? 0,
      superseded: of?.superseded ?? 0,
      quieted: of?.quieted ?? 0,
      over_hour: of?.overHour ?? 0,
      digests: of?.digests ?? 0,
      folded: of?.folded ?? 0,
      collecting: collecting(open.filter((group) => group.channel === channel)),
    };
    return { ...flow, text: describeFlow(flow) };
  });
}

function collecting(groups: readonly OpenGroup[]): FlowReport["collecting"] {
  const reasons = [...new Set(groups.map(({ reason }) => reason))];
  return reasons.map((reason) => {
    const of = groups.filter((group) => group.reason === reason);
    return {
      reason,
      groups: of.length,
      events: of.reduce((sum, { count }) => sum + count, 0),
      next: timeOf(Math.min(...of.map(({ dueMs }) => Math.max(0, dueMs)))),
    };
  });
}

/** `ci: 12 throttled, 3 digests of 40 events; collecting 7 for digest until 2026-01-05 09:10:00 UTC`. */
function describeFlow({ channel, collecting: open, ...counts }: Omit<FlowReport, "text">): string {
  const { throttled, dropped, superseded, quieted, over_hour, digests, folded } = counts;
  const parts = [
    ...some(throttled, "throttled"),
    ...some(dropped, "dropped"),
    ...some(superseded, "superseded"),
    ...some(quieted, "held by quiet"),
    ...some(over_hour, "over the hour"),
    ...(digests === 0 ? [] : [`${countOf(digests, "digest")} of ${folded} events`]),
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

/** Of a file that nobody agreed to use, only that it waits: its requests are text of its author. */
function powersForModel(state: DaemonState, powers: readonly PowerReport[]): PowerReport[] {
  if (waitsForUse(state)) return powers.filter(({ power }) => power === "use");
  return powers.map((one) =>
    one.power === "instruct" && !one.trusted ? { ...one, value: `(${one.value.length} characters)` } : one,
  );
}

function adviseConsent(state: DaemonState, powers: readonly PowerReport[]): string[] {
  if (!waitsForUse(state)) return [];
  const count = powers.length - 1;
  const more = count === 0 ? "" : `, and asks for ${countOf(count, "more thing")}`;
  return [`the config was found here, not chosen${more}: nothing of it is used before the user agrees to it`];
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
