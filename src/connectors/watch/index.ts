// The `watch` source type: files that come, change and go.

import type { Reach } from "../../contract/power.ts";
import type { SourceType } from "../../contract.ts";
import { absolute, listOf, readReaches, wholePattern } from "../../files/pattern.ts";
import { checkOptions } from "./check.ts";
import { imagineArrival } from "./imagine.ts";
import { type WatchOptions, watchOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { createWatchSource } from "./source.ts";

export const watch: SourceType<WatchOptions> = {
  type: "watch",
  summary: "Tells when files are created, changed or removed, and empties drop folders.",
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
  // By name alone: what was told stays known when other options are edited.
  storeKey: () => null,
  sampleArrival: imagineArrival,
  create: createWatchSource,
};
