// The options of a file sink as they are written in YAML.

import type { OptionsOf } from "../../../contract/options.ts";
import type { JsonSchema } from "../../../contract.ts";

const roots = ["input", "event", "time"];

export const fileSinkOptions = {
  type: "object",
  additionalProperties: false,
  required: ["path", "file", "content"],
  properties: {
    path: {
      "x-inert": false,
      description:
        "The folder of the files, relative to the config's folder or ~; it is created if missing. Files outside it are never touched.",
      type: "string",
      minLength: 1,
      examples: ["~/notes"],
    },
    file: {
      "x-inert": false,
      description:
        "The file's name as a template: a plain name, without folders, that does not begin with a dot.",
      type: "string",
      minLength: 1,
      "x-template": { only: roots },
      examples: ["{{input.name}}.md"],
    },
    content: {
      "x-inert": false,
      description: "The text to write: a template.",
      type: "string",
      "x-template": { only: roots },
    },
    mode: {
      "x-inert": false,
      description: "Whether to append the content to the file or to replace the file.",
      type: "string",
      enum: ["append", "write"],
      default: "append",
    },
  },
} as const satisfies JsonSchema;

export type FileSinkOptions = OptionsOf<typeof fileSinkOptions>;
