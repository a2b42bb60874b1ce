// `when`: one CEL condition. An expression that fails on an event counts as false with its reason; it never
// counts as true and never throws.

import type { Filter, Verdict } from "../contract.ts";
import { ExpressionError } from "../errors.ts";
import type { CelProgram } from "./cel/cel.ts";
import { cut } from "./show.ts";

/** `condition` was compiled with the purpose `condition`. */
export function whenFilter(condition: CelProgram): Filter {
  const untrue: Verdict = { pass: false, reason: `not true: ${cut(oneLine(condition.text), 80)}` };
  return {
    name: "when",
    test(view) {
      try {
        return condition.evaluate(view) === true ? { pass: true } : untrue;
      } catch (error) {
        return failedVerdict(error);
      }
    },
  };
}

/** Converts an expression error to false; a bug is rethrown. */
export function failedVerdict(error: unknown): Verdict {
  if (!(error instanceof ExpressionError)) throw error;
  return { pass: false, reason: error.message, problem: true };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
