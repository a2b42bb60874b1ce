// `replay`: a stored event again, through the current config, as a new event; `--dry-run` only shows what
// would happen.

import type { EmittedAnswer, PreviewAnswer } from "../../control/protocol.ts";
import { line, type SafeText } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { reachRouter } from "../find-router.ts";
import { eventBlock, printed, printedJson, printTrace } from "../print.ts";
import type { TalkOptions } from "./status.ts";

interface ReplayOptions extends TalkOptions {
  readonly dryRun?: boolean;
}

/** 1 when no channel took it, or would. */
export async function replay(
  eventId: string,
  options: ReplayOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { ask } = await reachRouter(context, options.config);
  const answer = await ask("replay", { event_id: eventId, ...(options.dryRun ? { dry_run: true } : {}) });
  if (options.json) context.print(printedJson(answer));
  else context.print(printed(...("dry_run" in answer ? printPreview(answer) : printEmitted(answer))));
  return answer.outcome === "accepted" ? 0 : 1;
}

export function printEmitted({ event_id, outcome, channels, trace }: EmittedAnswer): SafeText[] {
  if (outcome === "accepted")
    return [
      line`${colors.green("accepted")} ${event_id}${channels.length === 0 ? "" : ` by ${channels.join(", ")}`}`,
    ];
  const reasons =
    trace.length === 0 && outcome === "duplicate" ? [line`  it was accepted before`] : printTrace(trace);
  return [line`${colors.yellow(outcome)} ${event_id}`, ...reasons];
}

function printPreview({ outcome, deliveries, trace, problems, server }: PreviewAnswer): SafeText[] {
  const shown: SafeText[] = [line`would be ${outcome}`, ...printTrace(trace)];
  for (const { channel, key, message } of problems)
    shown.push(line`  failed in ${channel}: ${key}: ${message}`);
  for (const delivery of deliveries) {
    shown.push(line``, line`${delivery.channel}, ~${delivery.tokens} tokens:`);
    shown.push(eventBlock(server, delivery));
  }
  return shown;
}
