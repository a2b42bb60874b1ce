// The `command` source type: the output of a program becomes events.

import type { OptionIssue, SourceType } from "../../contract.ts";
import { scheduleIssues } from "../../intake/schedule.ts";
import { programReach } from "./command-line.ts";
import { type CommandOptions, commandOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { arrivalOf, formatOf } from "./output.ts";
import { createCommandSource } from "./source.ts";

export function checkSource(options: CommandOptions): OptionIssue[] {
  const { command, every, cron, tz } = { ...options, every: options.everyMs };
  const issues: OptionIssue[] = [];
  const say = (path: string, message: string, hint?: string) =>
    void issues.push({ path: [path], message, ...(hint === undefined ? {} : { hint }) });

  if ((command[0] ?? "").trim() === "") issues.push({ path: ["command", 0], message: "names no program" });
  if (every !== undefined && every < 1_000) say("every", "must be at least 1s");
  if (every !== undefined && cron !== undefined)
    say("cron", "cannot be combined with every", "keep one of them");
  const isRun = every !== undefined || cron !== undefined;
  if (isRun && options.restart !== undefined)
    say("restart", "applies only to a program that keeps running", "remove it, or remove every and cron");
  if (!isRun && options.timeoutMs !== undefined)
    say(
      "timeout",
      "applies only to runs by every or cron: this program keeps running",
      "remove it, or add every:",
    );
  if (cron === undefined) {
    for (const key of ["tz", "missed"] as const)
      if (options[key] !== undefined) say(key, "has an effect only with cron", "remove it");
    return issues;
  }
  return [...issues, ...scheduleIssues("cron", cron, tz)];
}

export const command: SourceType<CommandOptions> = {
  type: "command",
  summary: "Runs a program and makes an event of each output line, or of the whole output of a run.",
  options: commandOptions,
  validate,
  meta: {},
  content: "text",
  check: checkSource,
  reaches: (options, folders) => [programReach(options, folders)],
  storeKey: ({ cron = null, tz = null }) => [cron, tz],
  sampleArrival: (options, payload) => arrivalOf(payload.replace(/\r?\n$/, ""), formatOf(options), () => {}),
  create: createCommandSource,
};
