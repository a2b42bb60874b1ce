// The operator `cidr`: address ranges (`10.0.0.0/8`, `2001:db8::/32`, or one address).

import { compileRanges } from "../addresses.ts";
import { operandError } from "./operand-error.ts";

/** Throws an ExpressionError, as operandError makes it, when a range is malformed. */
export function compileCidr(ranges: readonly string[]): (address: string) => boolean {
  const compiled = compileRanges(ranges);
  if ("malformed" in compiled)
    throw operandError(`takes a range such as 10.0.0.0/8, not ${JSON.stringify(compiled.malformed)}`);
  return compiled.contains;
}
