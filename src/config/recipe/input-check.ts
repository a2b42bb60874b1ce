// Checks a value against the declaration of an input, with the same messages as for any other option.

import type { Json, JsonSchema } from "../../contract.ts";
import { isRouterError } from "../../errors.ts";
import {
  type Explanation,
  found,
  notAllowed,
  wrongFormat,
  wrongKind,
  wrongPattern,
} from "../describe-value.ts";
import { unitFormats } from "../schema/unit-formats.ts";
import type { Path } from "../yaml/problem.ts";

/**
 * Compiles a pattern in RE2 syntax into its test, which reads a limited number of characters. Throws a
 * RouterError for an invalid pattern.
 */
export type PatternCompiler = (pattern: string) => {
  readonly maxLength: number;
  begin(): void;
  test(text: string): boolean;
};

export interface Misfit extends Explanation {
  /** Inside the value. */
  readonly path: Path;
}

/** The limit of filters/glob.ts. */
const longestGlob = 500;

/** All problems of `value` against `declared`. `typed` returns the original text, if it may be shown. */
export function misfits(
  value: Json,
  declared: JsonSchema,
  compile: PatternCompiler,
  typed: (text: string) => string | undefined,
  path: Path = [],
): Misfit[] {
  const shown = typeof value === "object" ? undefined : typed(String(value));
  if (!isOfType(value, declared.type))
    return [{ path, ...wrongKind(value, { ...declared, enum: undefined }, shown) }];
  const wrong: Explanation[] = [];
  if (Array.isArray(declared.enum) && !(declared.enum as Json[]).includes(value)) {
    wrong.push(notAllowed(value, declared.enum as Json[], shown));
  }
  if (
    typeof value === "string" &&
    typeof declared.pattern === "string" &&
    !fits(value, declared.pattern, compile)
  ) {
    wrong.push(wrongPattern(declared, shown));
  }
  if (typeof value === "string") {
    if (declared.format === "duration" && !unitFormats.duration.test(value))
      wrong.push(wrongFormat("duration", shown));
    if (declared["x-glob"] === true && (value.trim() === "" || value.length > longestGlob))
      wrong.push({
        code: "E_CONFIG_VALUE",
        message: `must be a glob${found(shown)}`,
        hint: "for example release/*",
      });
  }
  if (typeof value === "number") {
    const { minimum, maximum } = declared;
    const bound = (words: string) => ({ code: "E_CONFIG_VALUE", message: `must be ${words}${found(shown)}` });
    if (typeof minimum === "number" && value < minimum) wrong.push(bound(`at least ${minimum}`));
    if (typeof maximum === "number" && value > maximum) wrong.push(bound(`at most ${maximum}`));
  }
  const items = declared.items as JsonSchema | undefined;
  const inside =
    Array.isArray(value) && items !== undefined
      ? value.flatMap((item, index) => misfits(item, items, compile, typed, [...path, index]))
      : [];
  return [...wrong.map((words) => ({ path, ...words })), ...inside];
}

/** The problem of an invalid pattern; undefined for a valid one. */
export function patternProblem(pattern: string, compile: PatternCompiler): Explanation | undefined {
  try {
    compile(pattern);
    return undefined;
  } catch (error) {
    if (!isRouterError(error))
      return { code: "E_CONFIG_REGEX", message: "a pattern that cannot be compiled" };
    return { code: error.code, message: error.message, hint: error.hint };
  }
}

/** An invalid pattern accepts everything: it is reported at its declaration. */
function fits(text: string, pattern: string, compile: PatternCompiler): boolean {
  if (patternProblem(pattern, compile) !== undefined) return true;
  const compiled = compile(pattern);
  compiled.begin();
  // The rest of a longer text is not checked.
  return text.length <= compiled.maxLength && compiled.test(text);
}

function isOfType(value: Json, type: unknown): boolean {
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}
