// `status`: what the running router does: its process, config, sources, sessions, and what waits.

import { safeLine } from "../text.ts";
import { colors } from "./colors.ts";
import type {
  RefusedAnswer,
  SessionAnswer,
  SinkAnswer,
  SourceAnswer,
  StatusAnswer,
  UnansweredAnswer,
} from "./control-words.ts";
import type { ExitCode } from "./exit.ts";
import { flowWords } from "./flow.ts";
import type { PowerAnswer } from "./power-answers.ts";
import { reachRouter } from "./reach.ts";
import { printBytes, printCount, printRelative, printSpan, printTime } from "./times.ts";
import type { CommandWorld } from "./world.ts";

export interface TalkOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** 1 when the config has problems, a source has failed, or the journal cannot be written. */
export async function status(options: TalkOptions, world: CommandWorld): Promise<ExitCode> {
  const { ask } = await reachRouter(world, options.config);
  const answer = await ask("status", {});
  world.print(
    options.json
      ? `${JSON.stringify(answer, null, 2)}\n`
      : `${printStatus(answer, world.now()).join("\n")}\n`,
  );
  const failed = answer.sources.some(({ state }) => state === "failed");
  return answer.problems.length > 0 || failed || answer.journal.failure !== undefined ? 1 : 0;
}

export function printStatus(answer: StatusAnswer, nowMs: number): string[] {
  const { counts, journal, sessions, silences } = answer;
  const kind = answer.background ? "in the background" : "inside a Claude session";
  const uptime = printSpan(nowMs - Date.parse(answer.started));
  const lines = [
    `${colors.bold(`channel-router ${answer.version}`)}, pid ${answer.pid}, ${kind}, up ${uptime}`,
    `config    ${answer.config}`,
    `state     ${answer.folder}`,
    ...(answer.address === undefined ? [] : [`listens   ${answer.address}`]),
    ...printReload(answer.last_reload, nowMs),
    ...answer.problems.map((problem) => colors.red(problem)),
    ...(answer.powers ?? []).filter(({ trusted }) => !trusted).map(printWaiting),
    "",
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
      (answer.shaping ?? []).map((flow) => `  ${safeLine(flowWords(flow))}`),
      "",
    ),
    ...titled(
      "silenced",
      silences.map(({ channel, until, reason }) => {
        const end = until === undefined ? "" : ` until ${printTime(until)} (${printRelative(until, nowMs)})`;
        return `  ${channel}${end}${reason === undefined ? "" : `: ${safeLine(reason)}`}`;
      }),
      "",
    ),
    `since start: ${counts.accepted} accepted, ${counts.sent} sent, ${counts.unmatched} unmatched, ` +
      `${counts.dropped} dropped, ${counts.duplicate} duplicate, ${counts.refused} refused`,
    `journal: ${journal.open} open, ${journal.dead} dead, ${printBytes(journal.bytes)}`,
  ];
  if (journal.failure !== undefined)
    lines.push(colors.red(`the journal cannot be written: ${safeLine(journal.failure)}`));
  return lines;
}

function printReload(last: StatusAnswer["last_reload"], nowMs: number): string[] {
  if (last === undefined) return [];
  const line = `reload    ${safeLine(last.text)}, ${printRelative(last.time, nowMs)}`;
  return [last.ok ? line : colors.red(line), ...last.notes.map((note) => `          ${safeLine(note)}`)];
}

export function printSession(session: SessionAnswer, nowMs: number): string[] {
  const { id, pid, project, label, client, listening, since, sent, stuck_since } = session;
  const mark = { yes: colors.green, no: colors.red, unknown: colors.yellow }[listening.state];
  const named = label === undefined ? "" : ` (${safeLine(label)})`;
  return [
    `  ${colors.bold(safeLine(id))}${named} ${safeLine(project)}, pid ${pid}${client === undefined ? "" : `, ${safeLine(client)}`}`,
    `    listening: ${mark(listening.state)}, ${safeLine(listening.reason)}; ${printCount(sent, "event")} sent, since ${printRelative(since, nowMs)}`,
    ...(stuck_since === undefined
      ? []
      : [
          colors.red(
            `    does not read: it took nothing since ${printTime(stuck_since)} (${printRelative(stuck_since, nowMs)})`,
          ),
        ]),
  ];
}

function printWaiting({ power, value }: PowerAnswer): string {
  return colors.yellow(`waits     for your consent: ${power} ${safeLine(value)} (channel-router trust)`);
}

function printSource(source: SourceAnswer, nowMs: number): string[] {
  const { name, type, state, detail, address, refused, last_event, next_try } = source;
  const mark = { running: colors.green, failed: colors.red }[state as string] ?? colors.yellow;
  const last = last_event === undefined ? undefined : `last event ${printRelative(last_event, nowMs)}`;
  const next = next_try === undefined ? undefined : `next ${printRelative(next_try, nowMs)}`;
  const more = [...new Set([address, detail, last, next])]
    .flatMap((text) => (text === undefined ? [] : safeLine(text)))
    .join("; ");
  return [
    `  ${name} (${type}) ${mark(state)}${more === "" ? "" : `  ${more}`}`,
    ...printRefused("    ", refused),
  ];
}

function printSink({ name, type, calls, failures, last_error }: SinkAnswer): string {
  const failed = failures === 0 ? "" : `, ${failures} failed`;
  const error = last_error === undefined ? "" : `; the last: ${safeLine(last_error)}`;
  return `  ${name} (${type}) ${printCount(calls, "call")}${failed}${error}`;
}

function printRefused(indent: string, refused: RefusedAnswer | undefined, where = ""): string[] {
  if (refused === undefined) return [];
  const { text, last } = refused;
  return [`${indent}refused${where}: ${safeLine(text)} (${safeLine(last.reason).slice(0, 120)})`];
}

function titled(title: string, lines: readonly string[], empty = `${title}: none`): string[] {
  if (lines.length === 0) return empty === "" ? [] : [empty, ""];
  return [title, ...lines, ""];
}

const maxUnanswered = 20;

function printUnanswered(all: readonly UnansweredAnswer[], nowMs: number): string[] {
  const lines = all
    .slice(0, maxUnanswered)
    .map(
      ({ event_id, source, name, time }) =>
        `  ${event_id} from ${safeLine(name)} on ${source}, ${printRelative(time, nowMs)}`,
    );
  return all.length > maxUnanswered ? [...lines, `  and ${all.length - maxUnanswered} later ones`] : lines;
}
