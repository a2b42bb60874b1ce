// The `watch` source type: files that come, change and go.

import type { PowerRequest } from "../../contract/power.ts";
import type { SourceType } from "../../contract.ts";
import { absolute, filePowers, listOf } from "../../files/pattern.ts";
import { checkOptions } from "./check.ts";
import { imagineArrival } from "./imagine.ts";
import type { WatchOptions } from "./options.generated.ts";
import { watchOptions } from "./options.ts";
import { createWatchSource } from "./source.ts";
import { validate } from "./validate.generated.js";

export const watch: SourceType<WatchOptions> = {
  type: "watch",
  summary: "Tells when files are created, changed or removed, and empties drop folders.",
  options: watchOptions,
  validate,
  meta: { file: "{{data.file}}", event: "{{data.event}}" },
  content: "text",
  check: checkOptions,
  powers({ files, moveTo }, surroundings) {
    const target = moveTo === undefined ? undefined : absolute(moveTo, surroundings);
    const moving: PowerRequest[] =
      target === undefined
        ? []
        : listOf(files).map((file) => ({
            power: "move",
            value: `${absolute(file, surroundings)} to ${target}`,
          }));
    return [...filePowers(files, surroundings), ...moving];
  },
  // By name alone: what was told stays known when other options are edited.
  keeps: () => null,
  imagine: imagineArrival,
  create: createWatchSource,
};
