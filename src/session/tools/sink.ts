// A sink as a tool. The answer of an outside program or server is bounded and each of its lines is quoted, so
// that none can pass for a line of the router's.

import type { SinkResult } from "../../contract/sink.ts";
import type { JsonObject, JsonSchema, OptionsValidator, Tool } from "../../contract.ts";
import { quotable, quote, unifyLineEnds } from "../../text/quote.ts";
import { line, lines, type SafeText, safeLine } from "../../text.ts";

export interface SinkPort {
  /** Rejects with a RouterError. */
  call(input: JsonObject, cancelled?: AbortSignal): Promise<SinkResult>;
}

interface DescribedSink {
  readonly name: string;
  readonly description: string;
  readonly input: JsonSchema;
  readonly validate: OptionsValidator;
}

/** About 2,000 tokens. */
const maxLength = 8_000;

export function sinkTool({ name, description, input, validate }: DescribedSink, port: SinkPort): Tool {
  return {
    name,
    description: safeLine(description),
    input,
    validate,
    call: async (given, cancelled) => describeResult(name, await port.call(given, cancelled)),
  };
}

function describeResult(name: string, said: SinkResult): SafeText {
  if (typeof said !== "string") return said.own;
  const answer = unifyLineEnds(said).trim();
  if (answer === "") return line`${name}: done`;
  const end = quotable(answer, 0, maxLength);
  const left = answer.length - end;
  return lines([
    quote(answer.slice(0, end)),
    ...(left === 0 ? [] : [line`(${left} more characters were left out)`]),
  ]);
}
