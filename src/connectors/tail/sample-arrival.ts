// The sample event of a line, for `explain`.

import type { CompiledOptions } from "../../contract/host.ts";
import type { Arrival } from "../../contract.ts";
import { listOf } from "../../files/pattern.ts";
import { withoutEscapes } from "../../intake/terminal-escapes.ts";
import { containerFormat, originOf, readPiece } from "./container.ts";
import { createFormat } from "./format.ts";
import type { TailOptions } from "./options.ts";

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
