// The `tail` source type: the lines of growing files.

import type { SourceType } from "../../contract.ts";
import { readReaches } from "../../files/pattern.ts";
import { checkOptions } from "./check.ts";
import { type TailOptions, tailOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { sampleArrival } from "./sample-arrival.ts";
import { createTailSource } from "./source.ts";

export const tail: SourceType<TailOptions> = {
  type: "tail",
  summary: "Follows growing files: each new line, or stack trace, becomes one event.",
  options: tailOptions,
  validate,
  meta: { file: "{{data.file}}" },
  content: "text",
  check: checkOptions,
  reaches: ({ files }, place) => readReaches(files, place),
  // Keyed by name alone: what is known of a file stays known when the list of files or the parsing of lines
  // is edited.
  storeKey: () => null,
  sampleArrival,
  create: createTailSource,
};
