// Checks of a watch that the option schema cannot express. Pure.

import type { OptionIssue } from "../../contract.ts";
import { patternIssues } from "../../files/pattern.ts";
import type { WatchOptions } from "./options.ts";

const largestTextBytes = 1024 * 1024;
const shortestSettleMs = 100;

export function checkOptions({ files, moveTo, events, maxTextBytes, settleMs }: WatchOptions): OptionIssue[] {
  const issues = patternIssues(files, "files");
  if (moveTo !== undefined && events.includes("removed"))
    issues.push({
      path: ["events"],
      message: "may not contain removed together with move_to: every file is moved away",
      hint: "remove events",
    });
  if (moveTo?.trim() === "")
    issues.push({ path: ["move_to"], message: "is empty", hint: "for instance move_to: inbox/done" });
  if (maxTextBytes > largestTextBytes)
    issues.push({ path: ["max_text"], message: "must be at most 1MiB", hint: "for example max_text: 64KiB" });
  if (settleMs < shortestSettleMs)
    issues.push({ path: ["settle"], message: "must be at least 100ms", hint: "for example settle: 1s" });
  return issues;
}
