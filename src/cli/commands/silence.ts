// `silence`: nothing of a channel is delivered for a while; its events end as `silenced`. The user may
// silence any channel for any time; below a Claude process the limits of the tool apply.

import { parseDuration } from "../../config/units.ts";
import { maxSilenceMs } from "../../daemon/commands/control.ts";
import { UsageError } from "../../errors.ts";
import { text } from "../../text.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { reachRouter } from "../find-router.ts";
import { printedJson } from "../print.ts";
import { printRelative, printTime } from "../times.ts";
import type { TalkOptions } from "./status.ts";

interface SilenceOptions extends TalkOptions {
  readonly reason?: string;
  readonly off?: boolean;
}

export async function silence(
  channel: string,
  duration: string | undefined,
  options: SilenceOptions,
  context: CommandContext,
): Promise<ExitCode> {
  if (options.off && duration !== undefined)
    throw new UsageError("E_USAGE", "--off takes no duration", {
      hint: `channel-router silence ${channel} --off`,
    });
  const forMs = options.off ? 0 : readDuration(duration ?? "1h");
  const { ask } = await reachRouter(context, options.config);
  const { reason } = options;
  const answer = await ask("silence", {
    channel,
    for_ms: forMs,
    // What Claude types has the limits of its own tool.
    ...(context.underClaude === undefined ? {} : { by: "tool" as const }),
    ...(reason === undefined ? {} : { reason }),
  });
  if (options.json) context.print(printedJson(answer));
  else if (answer.until === undefined) context.print(text`${channel} is no longer silenced\n`);
  else
    context.print(
      text`${channel} is silenced until ${printTime(answer.until)} (${printRelative(answer.until, context.now())})\n`,
    );
  return 0;
}

function readDuration(written: string): number {
  const ms = parseDuration(written);
  if (ms !== undefined && ms > maxSilenceMs) {
    throw new UsageError("E_USAGE", `${written} is longer than a silence may last`, {
      hint: "at most 30d: remove a channel that is unwanted for longer from the config",
    });
  }
  if (ms !== undefined && ms > 0) return ms;
  throw new UsageError("E_USAGE", `"${written}" is not a duration`, {
    hint: "write it as 30m, 1h or 2d; --off ends a silence",
  });
}
