// A mistake in what was written after an operator, before it is known where in the pattern that stands.

import { ExpressionError } from "../errors.ts";

/** The message follows the operator's name: `takes one value`. */
export function operandError(message: string, hint?: string): ExpressionError {
  return new ExpressionError("E_CONFIG_MATCH", message, { hint });
}
