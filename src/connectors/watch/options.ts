// The options of a watch source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/watch.md are generated from here.

import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";

export const watchOptions = {
  type: "object",
  additionalProperties: false,
  required: ["files"],
  properties: {
    files: {
      "x-inert": false,
      description:
        "The files to watch: a path or a list of them, each with the wildcards * ** ? [a-z] {a,b}. Relative to the config file's folder; ~ is your home folder. What lies outside the config's folder waits for your trust.",
      type: ["string", "array"],
      items: { type: "string", "x-glob": true },
      minItems: 1,
      "x-glob": true,
    },
    events: {
      "x-inert": false,
      description: "What is told of a file. With move_to it is created alone.",
      type: "array",
      items: { type: "string", enum: ["created", "changed", "removed"] },
      minItems: 1,
      uniqueItems: true,
      default: ["created", "changed"],
    },
    move_to: {
      "x-inert": false,
      description:
        "Makes the watched folder a drop folder: each file in it becomes an event, those that were there before too, and once the event is safe the file is moved to this folder, under a new name if there is one of its name.",
      type: "string",
    },
    text: {
      "x-inert": false,
      description: "Put the text of a file into data.text and text. Default: with move_to.",
      type: "boolean",
    },
    max_text: {
      "x-inert": true,
      description:
        "The size up to which the text of a file is put in; a larger one is told without it. At most 1MiB.",
      type: "string",
      format: "size",
      default: "64KiB",
    },
    settle: {
      "x-inert": true,
      description: "A file is told of when it was not written to for so long. At least 100ms.",
      type: "string",
      format: "duration",
      default: "1s",
    },
  },
} as const satisfies JsonSchema;

export type WatchOptions = OptionsOf<typeof watchOptions>;
