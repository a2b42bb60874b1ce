// `events`: the latest events and their outcomes; `-f` continues until it is interrupted, across changes of
// the router.

import type { EventAnswer, SkippedEvents } from "../../control/protocol.ts";
import { UsageError } from "../../errors.ts";
import { concat, line, type SafeText, safeJson, text } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { reachRouter } from "../find-router.ts";
import { followEvents } from "../follow-events.ts";
import { printed, printedJson } from "../print.ts";
import { printTime } from "../times.ts";
import type { TalkOptions } from "./status.ts";

interface EventsOptions extends TalkOptions {
  readonly follow?: boolean;
  readonly limit: string;
}

export async function events(options: EventsOptions, context: CommandContext): Promise<ExitCode> {
  const limit = readLimit(options.limit, options.follow ? 0 : 1);
  if (!options.follow) {
    const { ask } = await reachRouter(context, options.config);
    const answer = await ask("events", { limit });
    if (options.json) context.print(printedJson(answer));
    else if (answer.events.length === 0) context.print(text`no event yet\n`);
    else {
      const list = eventPrinter(context);
      for (const event of answer.events) context.print(printed(...list(event)));
    }
    return 0;
  }
  const list = eventPrinter(context);
  const show = (event: EventAnswer | SkippedEvents) => {
    if (options.json) context.print(printed(safeJson(event)));
    else if ("left_out" in event)
      context.print(printed(line`${colors.yellow(`... ${event.left_out} events left out`)}`));
    else context.print(printed(...list(event)));
  };
  await followEvents({ config: options.config, limit, signal: context.interrupted(), show }, context);
  return 0;
}

function readLimit(text: string, least: number): number {
  const limit = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (limit >= least && limit <= 1_000) return limit;
  throw new UsageError("E_USAGE", `--limit must be a whole number from ${least} to 1000, not ${text}`);
}

/** On a terminal each day has a heading, and a note is cut at the edge; in a pipe each line is whole. */
function eventPrinter({ columns }: Pick<CommandContext, "columns">): (event: EventAnswer) => SafeText[] {
  let day = "";
  return (event) => {
    if (columns === undefined) return [eventLine(event, printTime(event.time), undefined)];
    const [date = "", time = ""] = printTime(event.time).split(" ");
    const heading = date === day ? [] : [line`${colors.bold(date)}`];
    day = date;
    return [...heading, eventLine(event, time, columns)];
  };
}

function eventLine(
  { event_id, outcome, source, channels, note }: EventAnswer,
  time: string,
  columns: number | undefined,
): SafeText {
  const paint = outcome === "accepted" || outcome === "digest" ? colors.green : colors.yellow;
  const taken = channels.map(({ name, state, mark }) => {
    const reached = mark === undefined || mark === "accepted" ? "" : `, ${mark}`;
    return state === undefined ? name : `${name} ${state}${reached}`;
  });
  const from = source === undefined ? "" : ` ${source}`;
  const to = taken.length === 0 ? "" : ` -> ${taken.join("; ")}`;
  const head = line`${colors.dim(time)} ${event_id} ${paint(outcome)}${from}${to}`;
  if (note === undefined || note === "") return head;
  const used = `${time} ${event_id} ${outcome}${from}${to}  `.length;
  // A line that has no room left for some words is not made shorter.
  const room = columns === undefined || columns - used < 20 ? Number.POSITIVE_INFINITY : columns - used;
  const shown = note.length <= room ? note : `${[...note].slice(0, room - 1).join("")}…`;
  return concat(head, line`  ${colors.dim(shown)}`);
}
