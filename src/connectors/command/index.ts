// The `command` source type: the output of a program becomes events.

import type { SourceType } from "../../contract.ts";
import { checkSource } from "./check.ts";
import { programReach } from "./command-line.ts";
import { type CommandOptions, commandOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { arrivalOf, formatOf } from "./output.ts";
import { createCommandSource } from "./source.ts";

export const command: SourceType<CommandOptions> = {
  type: "command",
  summary: "Runs a program and makes an event of each output line, or of the whole output of a run.",
  options: commandOptions,
  validate,
  meta: {},
  content: "text",
  check: checkSource,
  reaches: (options, place) => [programReach(options, place)],
  storeKey: ({ cron = null, tz = null }) => [cron, tz],
  sampleArrival: (options, payload) => arrivalOf(payload.replace(/\r?\n$/, ""), formatOf(options), () => {}),
  create: createCommandSource,
};
