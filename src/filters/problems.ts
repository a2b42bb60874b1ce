// Collects every mistake of a pattern with its location, so that the user sees all of them at once.

import { type ErrorCode, ExpressionError } from "../errors.ts";

export type PatternPath = readonly (string | number)[];

export interface ProblemDetails {
  /** Default `value`. */
  readonly on?: "key" | "value";
  /** Inside the key or the value. */
  readonly offset?: number | undefined;
  readonly hint?: string | undefined;
  readonly code?: ErrorCode;
}

export interface Problems {
  readonly found: ExpressionError[];
  add(path: PatternPath, message: string, details?: ProblemDetails): void;
}

export function createProblems(): Problems {
  const found: ExpressionError[] = [];
  return {
    found,
    add(path, message, { on = "value", offset, hint, code = "E_CONFIG_MATCH" } = {}) {
      found.push(new ExpressionError(code, message, { path, on, offset, hint }));
    },
  };
}
