// The `command` source type: what a program says becomes events.

import type { SourceType } from "../../contract.ts";
import { checkSource } from "./check.ts";
import { programReach } from "./command-line.ts";
import type { CommandOptions } from "./options.generated.ts";
import { commandOptions } from "./options.ts";
import { arrivalOf, formatOf } from "./output.ts";
import { createCommandSource } from "./source.ts";
import { validate } from "./validate.generated.js";

export const command: SourceType<CommandOptions> = {
  type: "command",
  summary: "Runs a program, and makes an event of each line that it says, or of all that it says in a run.",
  options: commandOptions,
  validate,
  meta: {},
  content: "text",
  check: checkSource,
  reaches: (options, place) => [programReach(options, place)],
  keeps: ({ cron = null, tz = null }) => [cron, tz],
  imagine: (options, payload) => arrivalOf(payload.replace(/\r?\n$/, ""), formatOf(options), () => {}),
  create: createCommandSource,
};
