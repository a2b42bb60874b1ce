// The options of a command sink as they are written in YAML. What a schema cannot say is in check.ts.

import type { OptionsOf } from "../../../contract/options.ts";
import type { JsonSchema } from "../../../contract.ts";

const roots = ["input", "event", "time"];

export const commandSinkOptions = {
  type: "object",
  additionalProperties: false,
  required: ["command"],
  properties: {
    command: {
      "x-inert": false,
      description:
        "The program and its arguments, without a shell. The program is literal. The arguments are templates, except those of an interpreter (sh, node, awk ...), which are literal too. A value at the start of an argument may not begin with - unless the program gets -- before it; in one argument with an option it is written --option={{...}}, never -o{{...}}.",
      type: "array",
      minItems: 1,
      items: { type: "string", "x-template": { only: roots } },
      "x-argv": true,
      "x-secret": "variables",
      examples: [["wc", "-w"]],
    },
    stdin: {
      "x-inert": false,
      description: "The program's standard input: a template. Default: nothing.",
      type: "string",
      "x-template": { only: roots },
      "x-secret": "variables",
    },
    env: {
      "x-inert": false,
      description:
        "Environment variables by name, each a template, except those that are read as code (PATH, NODE_OPTIONS ...): added to those that every command gets, or replacing them.",
      type: "object",
      propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" },
      additionalProperties: { type: "string", "x-template": { only: roots } },
      "x-secret": "variables",
    },
    cwd: {
      "x-inert": false,
      description:
        "The working directory, relative to the config's folder or ~. Default: the config's folder.",
      type: "string",
      minLength: 1,
    },
    timeout: {
      "x-inert": true,
      description:
        "The time limit of a run; after it, the program and its child processes are killed. At most 30m.",
      type: "string",
      format: "duration",
      default: "30s",
    },
    exit_codes: {
      "x-inert": true,
      description: "The exit codes that mean success.",
      type: "array",
      minItems: 1,
      items: { type: "integer", minimum: 0, maximum: 255 },
      default: [0],
    },
    max_output: {
      "x-inert": true,
      description: "How much of the output is kept; the rest is dropped.",
      type: "string",
      format: "size",
      default: "64KiB",
    },
  },
} as const satisfies JsonSchema;

export type CommandSinkOptions = OptionsOf<typeof commandSinkOptions>;
