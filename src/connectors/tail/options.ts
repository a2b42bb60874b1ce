// The options of a tail source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/tail.md are generated from here.

import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";

export const tailOptions = {
  type: "object",
  additionalProperties: false,
  required: ["files"],
  properties: {
    files: {
      "x-inert": false,
      description:
        "The files to follow: a path or a list of paths, each with the wildcards * ** ? [a-z] {a,b}. Relative to the config file's folder; ~ is your home folder. Files outside the config's folder require consent.",
      type: ["string", "array"],
      items: { type: "string", "x-glob": true },
      minItems: 1,
      "x-glob": true,
    },
    from: {
      "x-inert": true,
      description:
        "Where to begin in files that exist when the source starts for the first time: at their end or at their start. Files that appear later are read from their start.",
      type: "string",
      enum: ["end", "start"],
      default: "end",
    },
    format: {
      "x-inert": true,
      description:
        "How a line is parsed into fields besides line and file: plain (none), json, logfmt (key=value), or regex (the named groups of pattern).",
      type: "string",
      enum: ["plain", "json", "logfmt", "regex"],
      default: "plain",
    },
    pattern: {
      // Its groups name fields that Claude reads.
      "x-inert": false,
      description:
        "For format regex: an RE2 pattern whose named groups become fields, such as ^(?P<level>[A-Z]+) (?P<message>.*).",
      type: "string",
      "x-regex": true,
    },
    multiline: {
      description: "Joins lines that belong together, such as a stack trace, into one event.",
      type: "object",
      additionalProperties: false,
      properties: {
        start: {
          "x-inert": true,
          description:
            "An RE2 pattern: a matching line begins an event, and the lines after it belong to that event.",
          type: "string",
          "x-regex": true,
        },
        indent: {
          "x-inert": true,
          description:
            "Lines that begin with a space or a tab belong to the previous line, as do unindented lines of a stack trace.",
          type: "boolean",
        },
        traces: {
          "x-inert": true,
          description:
            "Joins the lines of stack traces of Java, C#, JavaScript, Python, Go, Rust, Ruby, PHP, Dart and Elixir; other lines stay separate.",
          type: "boolean",
        },
        max_lines: {
          "x-inert": true,
          description: "The maximum number of lines of an event, from 2 to 10000.",
          type: "integer",
          minimum: 2,
          maximum: 10_000,
          default: 500,
        },
        flush: {
          "x-inert": true,
          description: "An event is complete when no line was added to it for this long.",
          type: "string",
          format: "duration",
          default: "1s",
        },
      },
    },
    container: {
      "x-inert": true,
      description:
        "The log format of a container runtime, whose own fields are removed: docker (json-file), cri (Kubernetes, containerd, Podman), none, or auto, which detects it at the start of each file.",
      type: "string",
      enum: ["auto", "docker", "cri", "none"],
      default: "auto",
    },
    max_line: {
      "x-inert": true,
      description:
        "The maximum length of a line, or of an event of several lines; the rest is dropped, and data.cut says how many bytes that were. From 256B to 1MiB.",
      type: "string",
      format: "size",
      default: "64KiB",
    },
    partial: {
      "x-inert": true,
      description:
        "How long to wait for the end of an unfinished last line; after that it is taken as it is.",
      type: "string",
      format: "duration",
      default: "10s",
    },
    encoding: {
      "x-inert": true,
      description:
        "The encoding of the files. A byte order mark takes precedence; invalid bytes become U+FFFD.",
      type: "string",
      enum: ["utf-8", "latin1", "utf-16le", "utf-16be"],
      default: "utf-8",
    },
  },
} as const satisfies JsonSchema;

export type TailOptions = OptionsOf<typeof tailOptions>;
