// The `watch` source type: files that are created, changed or removed.

import type { Reach } from "../../contract/power.ts";
import type { SourceType } from "../../contract.ts";
import { absolute, listOf, readReaches, wholePattern } from "../../files/pattern.ts";
import { checkOptions } from "./check.ts";
import { type WatchOptions, watchOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { sampleArrival } from "./sample-arrival.ts";
import { createWatchSource } from "./source.ts";

export const watch: SourceType<WatchOptions> = {
  type: "watch",
  summary: "Reports when files are created, changed or removed, and empties drop folders.",
  options: watchOptions,
  validate,
  meta: { file: "{{data.file}}", event: "{{data.event}}" },
  content: "text",
  check: checkOptions,
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
