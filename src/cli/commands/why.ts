// `why`: the timeline of one event, step by step.

import type { WhyAnswer } from "../../control/protocol.ts";
import { concat, line, type SafeText } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { reachRouter } from "../find-router.ts";
import { printed, printedJson, printTrace } from "../print.ts";
import { printRelative, printTime } from "../times.ts";
import type { TalkOptions } from "./status.ts";

export async function why(eventId: string, options: TalkOptions, context: CommandContext): Promise<ExitCode> {
  const { ask } = await reachRouter(context, options.config);
  const answer = await ask("why", { event_id: eventId });
  context.print(options.json ? printedJson(answer) : printed(...printTimeline(answer, context.now())));
  return 0;
}

/** The router's own words name times in UTC; the first column is local. */
function inLocalTime(words: string): string {
  return words.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\b/g, printTime);
}

/** Why the answers of the channels are not shown. */
function noTrace({ trace_gone }: WhyAnswer): string {
  return trace_gone === "restart"
    ? "the answers of channels are lost when the router stops, and it has restarted since"
    : "the answers of channels are only kept for the last 1,000 events";
}

function printTimeline(answer: WhyAnswer, nowMs: number): SafeText[] {
  const { steps, trace, not_asked, marks = [] } = answer;
  const reached = marks
    .filter(({ mark }) => mark !== "accepted")
    .map(({ channel, mark }) => `${mark} on ${channel}`);
  const shown: SafeText[] = [
    line`${colors.bold(answer.event_id)} ${[answer.outcome, ...reached].join(", ")}`,
  ];
  const ago = steps.map(({ time }) => printRelative(time, nowMs));
  const width = Math.max(0, ...ago.map((text) => text.length));
  for (const [index, { time, channel, text }] of steps.entries()) {
    const when = colors.dim(`${printTime(time)}  ${(ago[index] as string).padStart(width)}`);
    shown.push(line`${when}  ${channel === undefined ? "" : `${channel}: `}${inLocalTime(text)}`);
    if (index === 0 && trace !== undefined) {
      if (trace.length > 0) shown.push(...printTrace(trace).map((step) => concat(line`  `, step)));
      for (const name of not_asked ?? [])
        shown.push(line`    ${colors.red("no ")} ${name}: match rules it out`);
    }
  }
  if (trace === undefined && answer.outcome === "accepted") shown.push(line`${colors.dim(noTrace(answer))}`);
  return shown;
}
