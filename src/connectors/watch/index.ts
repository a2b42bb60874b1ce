// The `watch` source type: files that are created, changed or removed.

import type { Reach } from "../../contract/power.ts";
import type { Arrival, OptionIssue, SourceType, Surroundings } from "../../contract.ts";
import { listOf, patternIssues, readReaches, wholePattern } from "../../files/pattern.ts";
import { protectedFolder } from "../../files/protected-places.ts";
import { absolute } from "../../within.ts";
import { type WatchOptions, watchOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { createWatchSource } from "./source.ts";

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

/** Moving is writing: a folder that no sink may write to takes no files either. */
function targetIssues({ moveTo }: WatchOptions, place: Surroundings): OptionIssue[] {
  const why = moveTo === undefined ? undefined : protectedFolder(absolute(moveTo, place), place.home);
  return why === undefined
    ? []
    : [
        {
          path: ["move_to"],
          message: `files cannot be moved there: ${why}`,
          hint: "name a folder for these files only",
        },
      ];
}

export function sampleArrival({ files, events, text, moveTo }: WatchOptions, payload: string): Arrival {
  const [file = ""] = listOf(files);
  const [event = "created"] = moveTo === undefined ? events : [];
  const withText = text ?? moveTo !== undefined;
  return {
    data: { file, event, ...(withText ? { text: payload } : {}) },
    text: withText ? payload : `${event} ${file}`,
    trust: "local",
  };
}

export const watch: SourceType<WatchOptions> = {
  type: "watch",
  summary: "Reports when files are created, changed or removed, and empties drop folders.",
  options: watchOptions,
  validate,
  meta: { file: "{{data.file}}", event: "{{data.event}}" },
  content: "text",
  check: (options, place) => [...checkOptions(options), ...targetIssues(options, place)],
  reaches: ({ files, moveTo }, place) => [
    ...readReaches(files, place),
    ...(moveTo === undefined ? [] : listOf(files)).map(
      (written): Reach => ({
        to: "move",
        path: wholePattern(written, place),
        target: absolute(moveTo ?? "", place),
      }),
    ),
  ],
  // Keyed by name alone: reported files stay known when other options are edited.
  storeKey: () => null,
  sampleArrival,
  create: createWatchSource,
};
