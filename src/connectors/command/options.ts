// The options of a command source as they are written in YAML. What a schema cannot say is in check.ts.

import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";

export const commandOptions = {
  type: "object",
  additionalProperties: false,
  required: ["command"],
  properties: {
    command: {
      "x-inert": false,
      description: "The program and its arguments, without a shell.",
      type: "array",
      minItems: 1,
      items: { type: "string" },
      "x-argv": true,
      "x-secret": "environment",
      examples: [["journalctl", "-f", "-p", "err"]],
    },
    every: {
      "x-inert": true,
      description:
        "How long from the end of one run to the next, at least 1s. Without it and without cron the program is kept running.",
      type: "string",
      format: "duration",
      examples: ["5m"],
    },
    cron: {
      "x-inert": true,
      description:
        "When it is run: a cron expression of five or six parts, or @hourly, @daily, @weekly, @monthly, @yearly.",
      type: "string",
      minLength: 1,
      examples: ["0 9 * * mon-fri"],
    },
    tz: {
      "x-inert": true,
      description: "The time zone of cron by its IANA name. Default: that of the machine.",
      type: "string",
      minLength: 1,
      examples: ["Europe/Berlin"],
    },
    missed: {
      "x-inert": true,
      description:
        "What becomes of times of cron at which the router did not run or the machine slept: one run for all of them together, or none. Default once.",
      type: "string",
      enum: ["once", "none"],
    },
    format: {
      "x-inert": true,
      description:
        "What makes an event: each line of the output (lines), each line read as JSON (json), or the whole output of a run (text), which is read as JSON when it is an object or a list. Default lines for a program that is kept running, text for one that is run by every or cron.",
      type: "string",
      enum: ["lines", "json", "text"],
    },
    restart: {
      "x-inert": true,
      description:
        "Whether a program that is kept running is started again when it has ended: always, only after a failure, or never. Default always.",
      type: "string",
      enum: ["always", "failure", "never"],
    },
    exit_codes: {
      "x-inert": true,
      description: "The exit codes that mean that it went well.",
      type: "array",
      minItems: 1,
      items: { type: "integer", minimum: 0, maximum: 255 },
      default: [0],
    },
    cwd: {
      "x-inert": false,
      description: "The folder it runs in, from the config's folder or ~. Default: the config's folder.",
      type: "string",
      minLength: 1,
    },
    env: {
      "x-inert": false,
      description:
        "Variables of its environment by name, beside those that every command gets, or in place of them.",
      type: "object",
      propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" },
      additionalProperties: { type: "string" },
      "x-secret": "environment",
    },
    timeout: {
      "x-inert": true,
      description:
        "How long a run by every or cron may take; then it is ended, with all that it started. Default 10m.",
      type: "string",
      format: "duration",
    },
    max_line: {
      "x-inert": true,
      description: "The size from which a line is cut.",
      type: "string",
      format: "size",
      default: "64KiB",
    },
    max_output: {
      "x-inert": true,
      description: "The size from which the output of a run is cut (format text only).",
      type: "string",
      format: "size",
      default: "1MiB",
    },
  },
} as const satisfies JsonSchema;

export type CommandOptions = OptionsOf<typeof commandOptions>;
