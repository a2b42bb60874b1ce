// The options of a cron source as they are written in YAML.

import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";

export const cronOptions = {
  type: "object",
  additionalProperties: false,
  required: ["at"],
  properties: {
    at: {
      "x-inert": true,
      description:
        "When: a cron expression of five parts (minute hour day month weekday), or six with the second before them, or @hourly, @daily, @weekly, @monthly, @yearly.",
      type: "string",
      minLength: 1,
      examples: ["0 9 * * mon-fri"],
    },
    tz: {
      "x-inert": true,
      description: "The time zone of these times by its IANA name. Default: that of the machine.",
      type: "string",
      minLength: 1,
      examples: ["Europe/Berlin"],
    },
    missed: {
      "x-inert": true,
      description:
        "What becomes of times at which the router did not run or the machine slept: one event for all of them together, or none.",
      type: "string",
      enum: ["once", "none"],
      default: "once",
    },
  },
} as const satisfies JsonSchema;

export type CronOptions = OptionsOf<typeof cronOptions>;
