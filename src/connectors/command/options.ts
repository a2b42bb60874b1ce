// The options of a command source as they are written in YAML. What a schema cannot say is in index.ts.

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
        "The delay between the end of one run and the next, at least 1s. Without every and cron the program is kept running.",
      type: "string",
      format: "duration",
      examples: ["5m"],
    },
    cron: {
      "x-inert": true,
      description:
        "When to run the program: a cron expression of five or six fields, or @hourly, @daily, @weekly, @monthly, @yearly.",
      type: "string",
      minLength: 1,
      examples: ["0 9 * * mon-fri"],
    },
    tz: {
      "x-inert": true,
      description: "The IANA time zone of cron. Default: the machine's time zone.",
      type: "string",
      minLength: 1,
      examples: ["Europe/Berlin"],
    },
    missed: {
      "x-inert": true,
      description:
        "What happens to cron times missed because the router was down or the machine slept: one run for all of them, or none. Default once.",
      type: "string",
      enum: ["once", "none"],
    },
    format: {
      "x-inert": true,
      description:
        "What becomes an event: each line of the output (lines), each line parsed as JSON (json), or the whole output of a run (text), parsed as JSON if it is an object or a list. Default: lines for a program that is kept running, text for one run by every or cron.",
      type: "string",
      enum: ["lines", "json", "text"],
    },
    restart: {
      "x-inert": true,
      description:
        "Whether to restart a program that is kept running: always, only after a failure, or never. Default always.",
      type: "string",
      enum: ["always", "failure", "never"],
    },
    exit_codes: {
      "x-inert": true,
      description: "The exit codes that mean success.",
      type: "array",
      minItems: 1,
      items: { type: "integer", minimum: 0, maximum: 255 },
      default: [0],
    },
    cwd: {
      "x-inert": false,
      description:
        "The working directory, relative to the config's folder or ~. Default: the config's folder.",
      type: "string",
      minLength: 1,
    },
    env: {
      "x-inert": false,
      description:
        "Environment variables by name, added to those that every command gets, or replacing them.",
      type: "object",
      propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" },
      additionalProperties: { type: "string" },
      "x-secret": "environment",
    },
    timeout: {
      "x-inert": true,
      description:
        "The time limit of a run by every or cron; after it, the program and its child processes are killed. Default 10m.",
      type: "string",
      format: "duration",
    },
    max_line: {
      "x-inert": true,
      description: "The maximum size of a line; a longer one is cut.",
      type: "string",
      format: "size",
      default: "64KiB",
    },
    max_output: {
      "x-inert": true,
      description: "The maximum size of the output of a run; a longer one is cut (format text only).",
      type: "string",
      format: "size",
      default: "1MiB",
    },
  },
} as const satisfies JsonSchema;

export type CommandOptions = OptionsOf<typeof commandOptions>;
