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
        "The files to watch: a path or a list of paths, each with the wildcards * ** ? [a-z] {a,b}. Relative to the config file's folder; ~ is your home folder. Files outside the config's folder require consent.",
      type: ["string", "array"],
      items: { type: "string", "x-glob": true },
      minItems: 1,
      "x-glob": true,
    },
    events: {
      "x-inert": false,
      description: "The changes that become events. With move_to only created is possible.",
      type: "array",
      items: { type: "string", enum: ["created", "changed", "removed"] },
      minItems: 1,
      uniqueItems: true,
      default: ["created", "changed"],
    },
    move_to: {
      "x-inert": false,
      description:
        "Makes the watched folder a drop folder: each file in it, including existing ones, becomes an event. After the event is stored, the file is moved to this folder, and renamed if the name is taken.",
      type: "string",
    },
    text: {
      "x-inert": false,
      description: "Put the text of a file into data.text and text. Default: true with move_to.",
      type: "boolean",
    },
    max_text: {
      "x-inert": true,
      description:
        "The maximum size of a file whose text is included; a larger file is reported without its text. At most 1MiB.",
      type: "string",
      format: "size",
      default: "64KiB",
    },
    settle: {
      "x-inert": true,
      description: "A change is reported once the file was not written to for this long. At least 100ms.",
      type: "string",
      format: "duration",
      default: "1s",
    },
  },
} as const satisfies JsonSchema;

export type WatchOptions = OptionsOf<typeof watchOptions>;
