// The `tail` source type: the lines of growing files.

import type { CompiledOptions } from "../../contract/host.ts";
import type { Arrival, SourceType } from "../../contract.ts";
import { listOf, readReaches } from "../../files/pattern.ts";
import { withoutEscapes } from "../../intake/terminal-escapes.ts";
import { checkOptions } from "./check.ts";
import { containerFormat, originOf, readPiece } from "./container.ts";
import { createFormat } from "./format.ts";
import { type TailOptions, tailOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { createTailSource } from "./source.ts";

export function sampleArrival(
  options: TailOptions,
  payload: string,
  _: Readonly<Record<string, string>>,
  code?: CompiledOptions,
): Arrival {
  const written = payload.replace(/\r?\n$/, "");
  const container = containerFormat(options, written);
  const inner = container === undefined ? undefined : readPiece(container, written);
  const line = withoutEscapes(inner?.text ?? written);
  const [file = ""] = listOf(options.files);
  const dataOf = createFormat(options.format, code?.regex("pattern"));
  return {
    data: dataOf(line, file, 0, inner === undefined ? undefined : originOf(inner)),
    text: line,
    trust: "local",
  };
}

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
