// A sink as a tool. What came back from outside is bounded, and quoted where it has lines of its own, so that none of them can pass
// for a line of the router's.

import type { JsonObject, JsonSchema, OptionsValidator, Tool } from "../../contract.ts";
import { quotable, quote, unifyLineEnds } from "../../text/quote.ts";

export interface SinkPort {
  /** Settles with what the sink has to say, which holds text from outside. Rejects with a RouterError. */
  call(input: JsonObject): Promise<string>;
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
    description,
    input,
    validate,
    call: async (given) => describeResult(name, await port.call(given)),
  };
}

function describeResult(name: string, said: string): string {
  const text = unifyLineEnds(said).trim();
  if (text === "") return `${name}: done`;
  const end = quotable(text, 0, maxLength);
  const left = text.length - end;
  const shown = text.slice(0, end);
  if (left === 0 && !shown.includes("\n")) return shown;
  return `${quote(shown)}${left === 0 ? "" : `\n(${left} more characters were left out)`}`;
}
