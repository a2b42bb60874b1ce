// Checks of a command source that the option schema cannot express.

import type { OptionIssue } from "../../contract.ts";
import { scheduleIssues } from "../../intake/schedule.ts";
import type { CommandOptions } from "./options.ts";

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
