// `replay`: a kept event once more, through today's config, as a new event; `--dry-run` only says what it would come to.

import { colors } from "./colors.ts";
import type { EmittedAnswer, PreviewAnswer } from "./control-words.ts";
import type { ExitCode } from "./exit.ts";
import { eventBlock, printTrace } from "./print.ts";
import { reachRouter } from "./reach.ts";
import type { TalkOptions } from "./status.ts";
import type { CommandWorld } from "./world.ts";

interface ReplayOptions extends TalkOptions {
  readonly dryRun?: boolean;
}

/** 1 when no channel took it, or would. */
export async function replay(
  eventId: string,
  options: ReplayOptions,
  world: CommandWorld,
): Promise<ExitCode> {
  const { ask } = await reachRouter(world, options.config);
  const answer = await ask("replay", { event_id: eventId, ...(options.dryRun ? { dry_run: true } : {}) });
  if (options.json) world.print(`${JSON.stringify(answer, null, 2)}\n`);
  else world.print(`${("dry_run" in answer ? printPreview(answer) : printEmitted(answer)).join("\n")}\n`);
  return answer.outcome === "accepted" ? 0 : 1;
}

export function printEmitted({ event_id, outcome, channels, trace }: EmittedAnswer): string[] {
  if (outcome === "accepted")
    return [
      `${colors.green("accepted")} ${event_id}${channels.length === 0 ? "" : ` by ${channels.join(", ")}`}`,
    ];
  const reasons =
    trace.length === 0 && outcome === "duplicate" ? ["  it was taken before"] : printTrace(trace);
  return [`${colors.yellow(outcome)} ${event_id}`, ...reasons];
}

function printPreview({ outcome, deliveries, trace, problems, server }: PreviewAnswer): string[] {
  const lines = [`would be ${outcome}`, ...printTrace(trace)];
  for (const { channel, key, message } of problems) lines.push(`  failed in ${channel}: ${key}: ${message}`);
  for (const delivery of deliveries) {
    lines.push("", `${delivery.channel}, ${delivery.tokens} tokens:`);
    lines.push(eventBlock(server, delivery));
  }
  return lines;
}
