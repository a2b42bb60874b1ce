// `status`: the running router: its process, config, sources, sessions, and what waits.

import type {
  PowerReport,
  RefusedReport,
  SessionReport,
  SinkReport,
  SourceReport,
  StatusReport,
  UnansweredReport,
} from "../../control/protocol.ts";
import { countOf, cut, listCounts } from "../../text/clip.ts";
import { line, lines, ownWords, type SafeText, safeLine, shownLine } from "../../text.ts";
import { colors, whole } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { reachRouter } from "../find-router.ts";
import { printed, printedJson } from "../print.ts";
import { printBytes, printRelative, printSpan, printTime } from "../times.ts";

export interface TalkOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** 1 when the config has problems, a source has failed, or the journal cannot be written. */
export async function status(options: TalkOptions, context: CommandContext): Promise<ExitCode> {
  const { ask } = await reachRouter(context, options.config);
  const answer = await ask("status", {});
  context.print(options.json ? printedJson(answer) : printed(...printStatus(answer, context.now())));
  const failed = answer.sources.some(({ state }) => state === "failed");
  return answer.problems.length > 0 || failed || answer.journal.failure !== undefined ? 1 : 0;
}

export function printStatus(answer: StatusReport, nowMs: number): SafeText[] {
  const { counts, journal, sessions, silences } = answer;
  const { shown: shownCount, read, acked } = counts;
  const proof = listCounts({ shown: shownCount, read, acked });
  const kind = answer.background ? "in the background" : "inside a Claude session";
  const uptime = printSpan(nowMs - Date.parse(answer.started));
  const shown: SafeText[] = [
    line`${colors.bold(`channel-router ${answer.version}`)}, pid ${answer.pid}, ${kind}, up ${uptime}`,
    line`config    ${answer.config}`,
    ...(answer.in_place_of === undefined
      ? []
      : [
          line`          found in the project; not used here: ${answer.in_place_of} (CHANNEL_ROUTER_CONFIG chooses it)`,
        ]),
    line`state     ${answer.folder}`,
    ...(answer.env_file === undefined ? [] : [line`.env      ${answer.env_file}`]),
    ...(answer.address === undefined ? [] : [line`listens   ${answer.address}`]),
    ...(answer.console === undefined ? [] : [line`console   ${answer.console}`]),
    ...(answer.console_problem === undefined
      ? []
      : [line`console   ${colors.yellow(`not served: ${answer.console_problem}`)}`]),
    ...printReload(answer.last_reload, nowMs),
    ...answer.problems.map((problem) => whole.red(ownWords(problem))),
    ...(answer.powers ?? []).filter(({ trusted }) => !trusted).map(printWaiting),
    line``,
    ...titled("sources", [
      ...answer.sources.flatMap((source) => printSource(source, nowMs)),
      ...printRefused("  ", answer.unrouted, " where no source answers"),
    ]),
    ...titled("sinks", (answer.sinks ?? []).map(printSink), ""),
    ...titled(
      "sessions",
      sessions.flatMap((session) => printSession(session, nowMs)),
    ),
    ...titled("not answered", printUnanswered(answer.unanswered ?? [], nowMs), ""),
    ...titled(
      "flow control",
      (answer.shaping ?? []).map(({ text }) => line`  ${text}`),
      "",
    ),
    ...titled(
      "silenced",
      silences.map(({ channel, until, reason }) => {
        const end = until === undefined ? "" : ` until ${printTime(until)} (${printRelative(until, nowMs)})`;
        return line`  ${channel}${end}${reason === undefined ? "" : `: ${reason}`}`;
      }),
      "",
    ),
    line`since start: ${counts.accepted} accepted, ${counts.sent} sent${proof === "" ? "" : ` (${proof})`}, ${counts.unmatched} unmatched, ${
      counts.dropped
    } dropped, ${counts.duplicate} duplicate, ${counts.refused} refused`,
    line`journal: ${journal.open} open, ${journal.dead} dead, ${printBytes(journal.bytes)}`,
  ];
  if (journal.failure !== undefined)
    shown.push(line`${colors.red(`the journal cannot be written: ${journal.failure}`)}`);
  return shown;
}

function printReload(last: StatusReport["last_reload"], nowMs: number): SafeText[] {
  if (last === undefined) return [];
  const verdict = `reload    ${last.text}, ${printRelative(last.time, nowMs)}`;
  return [
    line`${last.ok ? verdict : colors.red(verdict)}`,
    ...last.notes.map((note) => line`          ${note}`),
  ];
}

export function printSession(session: SessionReport, nowMs: number): SafeText[] {
  const { id, pid, project, label, name, idle, client, listening, since, sent, shown, stuck_since, wake } =
    session;
  const mark = { yes: colors.green, no: colors.red, unknown: colors.yellow }[listening.state];
  const names = [name, label].filter((one) => one !== undefined);
  const named = names.length === 0 ? "" : ` (${names.join(", ")})`;
  const doing = idle === undefined ? "" : idle ? ", idle" : ", busy";
  const received = `${countOf(sent, "event")} sent${shown === undefined ? "" : `, ${shown} shown`}`;
  return [
    line`  ${colors.bold(id)}${named} ${project}, pid ${pid}${client === undefined ? "" : `, ${client}`}${doing}`,
    line`    listening: ${mark(listening.state)}, ${listening.reason}; ${received}, since ${printRelative(since, nowMs)}`,
    ...(wake === undefined ? [] : [printWake(wake, nowMs)]),
    ...(stuck_since === undefined
      ? []
      : [
          line`${colors.red(
            `    does not read: it has taken nothing since ${printTime(stuck_since)} (${printRelative(stuck_since, nowMs)})`,
          )}`,
        ]),
  ];
}

function printWake({ way, text, last_ring }: NonNullable<SessionReport["wake"]>, nowMs: number): SafeText {
  const last = last_ring === undefined ? "" : `, last ring ${printRelative(last_ring, nowMs)}`;
  return line`    wake: ${way === undefined ? colors.yellow(text) : text}${last}`;
}

function printWaiting({ power, value }: PowerReport): SafeText {
  return line`${colors.yellow(`waiting   for consent: ${power} ${shownLine(value)} (channel-router trust)`)}`;
}

function printSource(source: SourceReport, nowMs: number): SafeText[] {
  const { name, type, state, detail, address, refused, last_event, next_try, try_it, no_try_it } = source;
  const mark = { running: colors.green, failed: colors.red }[state as string] ?? colors.yellow;
  const last = last_event === undefined ? undefined : `last event ${printRelative(last_event, nowMs)}`;
  const next = next_try === undefined ? undefined : `next ${printRelative(next_try, nowMs)}`;
  const more = [...new Set([address, detail, last, next])].filter((part) => part !== undefined).join("; ");
  return [
    line`  ${name} (${type}) ${mark(state)}${more === "" ? "" : `  ${more}`}`,
    ...printRefused("    ", refused),
    ...(last_event !== undefined || state !== "running" ? [] : printTryIt(try_it, no_try_it)),
  ];
}

/** Only until something arrives. */
function printTryIt(command: string | undefined, none: string | undefined): SafeText[] {
  if (command !== undefined) return [lines([line`    try it:`, ownWords(command)])];
  return none === undefined ? [] : [line`    ${colors.dim(`no example: ${none}`)}`];
}

function printSink({ name, type, calls, failures, last_error }: SinkReport): SafeText {
  const failed = failures === 0 ? "" : `, ${failures} failed`;
  const error = last_error === undefined ? "" : `; the last: ${last_error}`;
  return line`  ${name} (${type}) ${countOf(calls, "call")}${failed}${error}`;
}

function printRefused(indent: string, refused: RefusedReport | undefined, where = ""): SafeText[] {
  if (refused === undefined) return [];
  const { text, last } = refused;
  return [line`${indent}refused${where}: ${text} (${cut(safeLine(last.reason), 120)})`];
}

function titled(title: string, shown: readonly SafeText[], empty = `${title}: none`): SafeText[] {
  if (shown.length === 0) return empty === "" ? [] : [safeLine(empty), line``];
  return [safeLine(title), ...shown, line``];
}

const maxUnanswered = 20;

function printUnanswered(all: readonly UnansweredReport[], nowMs: number): SafeText[] {
  const shown = all
    .slice(0, maxUnanswered)
    .map(
      ({ event_id, source, name, time }) =>
        line`  ${event_id} from ${name} on ${source}, ${printRelative(time, nowMs)}`,
    );
  return all.length > maxUnanswered
    ? [...shown, line`  and ${all.length - maxUnanswered} later ones`]
    : shown;
}
