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
        "The files to follow: a path or a list of them, each with the wildcards * ** ? [a-z] {a,b}. Relative to the config file's folder; ~ is your home folder. What lies outside the config's folder waits for your trust.",
      type: ["string", "array"],
      items: { type: "string", "x-glob": true },
      minItems: 1,
      "x-glob": true,
    },
    from: {
      "x-inert": true,
      description:
        "Where to begin in the files that are there when the source starts for the very first time: at their end or at their start. Files that appear later are read from their start.",
      type: "string",
      enum: ["end", "start"],
      default: "end",
    },
    format: {
      "x-inert": true,
      description:
        "How a line is read into fields beside line and file: plain (none), json, logfmt (key=value), or regex (the named groups of pattern).",
      type: "string",
      enum: ["plain", "json", "logfmt", "regex"],
      default: "plain",
    },
    pattern: {
      // Its groups name fields that Claude reads.
      "x-inert": false,
      description:
        "For format regex: an RE2 pattern whose named groups become fields, for instance ^(?P<level>[A-Z]+) (?P<message>.*).",
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
            "An RE2 pattern: a line in which it is found begins an event, the lines after it belong to that.",
          type: "string",
          "x-regex": true,
        },
        indent: {
          "x-inert": true,
          description:
            "Lines that begin with a space or a tab belong to the line before them, and so do the lines of a stack trace at the margin.",
          type: "boolean",
        },
        traces: {
          "x-inert": true,
          description:
            "Joins the lines of stack traces of Java, C#, JavaScript, Python, Go, Rust, Ruby, PHP and Dart, and leaves all other lines alone.",
          type: "boolean",
        },
        max_lines: {
          "x-inert": true,
          description: "An event of so many lines is complete. From 2 to 10000.",
          type: "integer",
          minimum: 2,
          maximum: 10_000,
          default: 500,
        },
        flush: {
          "x-inert": true,
          description: "An event is complete when no line was added to it for so long.",
          type: "string",
          format: "duration",
          default: "1s",
        },
      },
    },
    container: {
      "x-inert": true,
      description:
        "Whether the files are those of a container runtime, whose own lines are read out of it: docker (json-file), cri (Kubernetes, containerd, Podman), none, or auto by how each file begins.",
      type: "string",
      enum: ["auto", "docker", "cri", "none"],
      default: "auto",
    },
    max_line: {
      "x-inert": true,
      description:
        "The length up to which a line, or an event of several lines, is taken; the rest of a longer one is left out, and data.cut says how many bytes that were. From 256B to 1MiB.",
      type: "string",
      format: "size",
      default: "64KiB",
    },
    partial: {
      "x-inert": true,
      description:
        "How long the end of an unfinished last line is waited for, after which it is taken as it is.",
      type: "string",
      format: "duration",
      default: "10s",
    },
    encoding: {
      "x-inert": true,
      description:
        "How the files are written. A byte order mark says it better and is obeyed; bytes that mean nothing become U+FFFD.",
      type: "string",
      enum: ["utf-8", "latin1", "utf-16le", "utf-16be"],
      default: "utf-8",
    },
  },
} as const satisfies JsonSchema;

export type TailOptions = OptionsOf<typeof tailOptions>;
