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
        "When: a cron expression of five fields (minute hour day month weekday), or six with seconds first, or @hourly, @daily, @weekly, @monthly, @yearly.",
      type: "string",
      minLength: 1,
      examples: ["0 9 * * mon-fri"],
    },
    tz: {
      "x-inert": true,
      description: "The IANA time zone of these times. Default: the machine's time zone.",
      type: "string",
      minLength: 1,
      examples: ["Europe/Berlin"],
    },
    missed: {
      "x-inert": true,
      description:
        "What happens to times missed because the router was down or the machine slept: one event for all of them, or none.",
      type: "string",
      enum: ["once", "none"],
      default: "once",
    },
  },
} as const satisfies JsonSchema;

export type CronOptions = OptionsOf<typeof cronOptions>;
