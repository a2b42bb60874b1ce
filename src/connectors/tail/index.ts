// The `tail` source type: the lines of files that grow.

import type { SourceType } from "../../contract.ts";
import { readReaches } from "../../files/pattern.ts";
import { checkOptions } from "./check.ts";
import { imagineArrival } from "./imagine.ts";
import { type TailOptions, tailOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { createTailSource } from "./source.ts";

export const tail: SourceType<TailOptions> = {
  type: "tail",
  summary: "Follows files that grow: each new line, or stack trace, becomes one event.",
  options: tailOptions,
  validate,
  meta: { file: "{{data.file}}" },
  content: "text",
  check: checkOptions,
  reaches: ({ files }, place) => readReaches(files, place),
  // By name alone: what is known of a file stays known when the list of files, or how their lines are read, is edited.
  storeKey: () => null,
  sampleArrival: imagineArrival,
  create: createTailSource,
};
