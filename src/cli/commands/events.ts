// `events`: the latest events and their outcomes; `-f` continues until it is interrupted, across changes of
// the router.

import type { EventAnswer, LeftOut } from "../../control/protocol.ts";
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
    else for (const event of answer.events) context.print(printed(printEvent(event)));
    return 0;
  }
  const show = (event: EventAnswer | LeftOut) => {
    if (options.json) context.print(printed(safeJson(event)));
    else if ("left_out" in event)
      context.print(printed(line`${colors.yellow(`... ${event.left_out} events left out`)}`));
    else context.print(printed(printEvent(event)));
  };
  await followEvents({ config: options.config, limit, signal: context.interrupted(), show }, context);
  return 0;
}

function readLimit(text: string, least: number): number {
  const limit = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (limit >= least && limit <= 1_000) return limit;
  throw new UsageError("E_USAGE", `--limit must be a whole number from ${least} to 1000, not ${text}`);
}

function printEvent({ event_id, time, outcome, source, channels, note }: EventAnswer): SafeText {
  const paint = outcome === "accepted" || outcome === "digest" ? colors.green : colors.yellow;
  const taken = channels.map(({ name, state }) => (state === undefined ? name : `${name} ${state}`));
  const from = source === undefined ? "" : ` ${source}`;
  const to = taken.length === 0 ? "" : ` -> ${taken.join(", ")}`;
  const head = line`${colors.dim(printTime(time))} ${event_id} ${paint(outcome)}${from}${to}`;
  return note === undefined || note === "" ? head : concat(head, line`  ${colors.dim(note)}`);
}
