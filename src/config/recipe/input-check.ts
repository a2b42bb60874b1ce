// Does a value fit what an input is declared as? The words are those of any other option.

import type { Json, JsonSchema } from "../../contract.ts";
import { isRouterError } from "../../errors.ts";
import { found, notAllowed, type Words, wrongKind, wrongPattern } from "../describe-value.ts";
import type { Path } from "../yaml/problem.ts";

/**
 * From a pattern in RE2 syntax to its test, which looks at so many characters. Throws a RouterError for one that cannot be
 * compiled.
 */
export type PatternCompiler = (pattern: string) => {
  readonly maxLength: number;
  begin(): void;
  test(text: string): boolean;
};

export interface Misfit extends Words {
  /** Inside the value. */
  readonly path: Path;
}

/** Everything about `value` that `declared` does not take. `typed` gives a text as written, when it may be shown. */
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
  const wrong: Words[] = [];
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

/** The problem of a pattern that cannot be used; undefined when it can. */
export function patternProblem(pattern: string, compile: PatternCompiler): Words | undefined {
  try {
    compile(pattern);
    return undefined;
  } catch (error) {
    if (!isRouterError(error))
      return { code: "E_CONFIG_REGEX", message: "a pattern that cannot be compiled" };
    return { code: error.code, message: error.message, hint: error.hint };
  }
}

/** A pattern that cannot be used is told where it stands, and takes everything here. */
function fits(text: string, pattern: string, compile: PatternCompiler): boolean {
  if (patternProblem(pattern, compile) !== undefined) return true;
  const compiled = compile(pattern);
  compiled.begin();
  // The rest of a longer text could be anything.
  return text.length <= compiled.maxLength && compiled.test(text);
}

function isOfType(value: Json, type: unknown): boolean {
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}
