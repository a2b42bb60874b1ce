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
        "The folder of the files, from the config's folder or ~; it is made when it is not there. No file outside it is touched.",
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
      description: "What is written: a template.",
      type: "string",
      "x-template": { only: roots },
    },
    mode: {
      "x-inert": false,
      description:
        "Whether the content is added at the end of the file, or takes the place of what is there.",
      type: "string",
      enum: ["append", "write"],
      default: "append",
    },
  },
} as const satisfies JsonSchema;

export type FileSinkOptions = OptionsOf<typeof fileSinkOptions>;
