// A mistake in the operand of an operator, before its location in the pattern is known.

import { ExpressionError } from "../errors.ts";

/** The message follows the operator's name: `takes one value`. */
export function operandError(message: string, hint?: string): ExpressionError {
  return new ExpressionError("E_CONFIG_MATCH", message, { hint });
}
