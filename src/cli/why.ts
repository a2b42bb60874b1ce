// `why`: the story of one event, step by step.

import { safeLine } from "../text.ts";
import { colors } from "./colors.ts";
import type { WhyAnswer } from "./control-words.ts";
import type { ExitCode } from "./exit.ts";
import { printTrace } from "./print.ts";
import { reachRouter } from "./reach.ts";
import type { TalkOptions } from "./status.ts";
import { printRelative, printTime } from "./times.ts";
import type { CommandWorld } from "./world.ts";

export async function why(eventId: string, options: TalkOptions, world: CommandWorld): Promise<ExitCode> {
  const { ask } = await reachRouter(world, options.config);
  const answer = await ask("why", { event_id: eventId });
  world.print(
    options.json ? `${JSON.stringify(answer, null, 2)}\n` : `${printStory(answer, world.now()).join("\n")}\n`,
  );
  return 0;
}

function printStory(answer: WhyAnswer, nowMs: number): string[] {
  const { steps, trace, not_asked } = answer;
  const lines = [`${colors.bold(answer.event_id)} ${answer.outcome}`];
  const ago = steps.map(({ time }) => printRelative(time, nowMs));
  const width = Math.max(0, ...ago.map((text) => text.length));
  for (const [index, { time, channel, text }] of steps.entries()) {
    const when = colors.dim(`${printTime(time)}  ${(ago[index] as string).padStart(width)}`);
    lines.push(`${when}  ${channel === undefined ? "" : `${channel}: `}${safeLine(text)}`);
    if (index === 0 && trace !== undefined) {
      if (trace.length > 0) lines.push(...printTrace(trace).map((line) => `  ${line}`));
      for (const name of not_asked ?? []) lines.push(`    ${colors.red("no ")} ${name}: match rules it out`);
    }
  }
  if (trace === undefined && answer.outcome === "accepted")
    lines.push(colors.dim("what each channel said is kept for the last 1,000 events only"));
  return lines;
}
