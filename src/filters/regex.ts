// Regular expressions of a config: RE2 syntax, matched in linear time. A native RegExp is never built from a config or from
// an event. re2js is imported here only, and only when a pattern needs it.

import { ExpressionError } from "../errors.ts";

export interface Regex {
  /** Whether the pattern is found anywhere in the text. */
  test(text: string): boolean;
}

export interface RegexOptions {
  readonly ignoreCase?: boolean;
}

/** Throws an ExpressionError (E_CONFIG_REGEX) for a pattern that RE2 does not accept. */
export type RegexCompiler = (pattern: string, options?: RegexOptions) => Regex;

const maxPatternLength = 1_000;

/** Loads RE2 (about 15 ms the first time). */
export async function loadRegex(): Promise<RegexCompiler> {
  const { RE2JS, RE2JSException } = await import("re2js");
  return (pattern, options = {}) => {
    if (pattern.length > maxPatternLength) {
      throw new ExpressionError(
        "E_CONFIG_REGEX",
        `the pattern has ${pattern.length} characters, at most ${maxPatternLength} are allowed`,
      );
    }
    try {
      return RE2JS.compile(pattern, options.ignoreCase === true ? RE2JS.CASE_INSENSITIVE : 0);
    } catch (error) {
      if (!(error instanceof RE2JSException)) throw error;
      const reason = error.message.replace(/^error parsing regexp: /, "");
      throw new ExpressionError("E_CONFIG_REGEX", `not a pattern that RE2 accepts: ${reason}`, {
        hint: hintFor(pattern),
        cause: error,
      });
    }
  };
}

function hintFor(pattern: string): string | undefined {
  if (/\(\?<?[=!]/.test(pattern)) {
    return "RE2 has no lookahead or lookbehind: use a second operator, such as `not`, beside `regex`";
  }
  if (/\\[1-9]/.test(pattern)) return "RE2 has no back-references";
  if (/\\$/.test(pattern)) return "write a literal backslash as \\\\";
  return undefined;
}
