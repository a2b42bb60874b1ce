// Regular expressions of a config: RE2 syntax, matched in linear time. A native RegExp is never built from a
// config or from an event. Linear can still be slow: the cost of a pattern on one event is limited here.
// re2js is imported only here, and only when a pattern needs it.

import type { TextNeeds } from "../contract/emit-all.ts";
import { ExpressionError } from "../errors.ts";
import { type MayMatch, requiredNeeds, requiredTexts } from "./required-texts.ts";

export interface Regex {
  /** Must be called before each event: the time is counted from here on. */
  begin(): void;
  /**
   * Whether the pattern is found in the examined part of the text: the first 64 Ki characters, and fewer for
   * a large pattern. False for the rest of a long list once the time of the event is used up.
   */
  test(text: string): boolean;
  /**
   * The named groups of the first match in the part of the text that one `test` examines; groups that did not
   * participate are left out.
   */
  groups(text: string): Record<string, string> | undefined;
  /**
   * How many characters of a text `test` examines. Where it decides what is allowed, a longer text must be
   * rejected.
   */
  readonly maxLength: number;
  /** What a text must contain for the pattern to match. */
  readonly needs: TextNeeds | undefined;
}

export interface RegexOptions {
  readonly ignoreCase?: boolean;
}

/** Throws an ExpressionError (E_CONFIG_REGEX) for a pattern that RE2 does not accept, or that is too large. */
export type RegexCompiler = (pattern: string, options?: RegexOptions) => Regex;

const maxPatternLength = 1_000;
/** Instructions of the compiled program. A repeat such as `{0,200}` counts for as many copies. */
const maxSize = 500;
const maxTextLength = 65_536;
/**
 * Instructions times characters of one text: at worst about 100 ns each, so that one text takes less than 100
 * ms.
 */
const maxWork = 500_000;
/** For one pattern on all texts of a list. */
const maxListMs = 40;
/**
 * Reading the clock takes longer than searching a short text: it starts after this share of one text's limit.
 */
const untimedShare = 16;

/** Loads RE2 (about 15 ms the first time). */
export async function loadRegex(): Promise<RegexCompiler> {
  const { RE2JS, RE2JSException, RE2JSSyntaxException } = await import("re2js");
  return (pattern, options = {}) => {
    if (pattern.length > maxPatternLength) {
      throw new ExpressionError(
        "E_CONFIG_REGEX",
        `the pattern has ${pattern.length} characters, at most ${maxPatternLength} are allowed`,
      );
    }
    try {
      const program = RE2JS.compile(pattern, options.ignoreCase === true ? RE2JS.CASE_INSENSITIVE : 0);
      const size = program.programSize();
      if (size > maxSize) throw tooLarge(size);
      const bounds = {
        maxLength: Math.min(maxTextLength, Math.floor(maxWork / size)),
        mayMatch: requiredTexts(pattern, options.ignoreCase === true),
      };
      const names = Object.keys(program.namedGroups());
      return {
        ...bounded((text) => program.test(text), bounds),
        maxLength: bounds.maxLength,
        needs: requiredNeeds(pattern, options.ignoreCase === true),
        groups: (text) => groupsOf(program.matcher(text.slice(0, bounds.maxLength)), names),
      };
    } catch (error) {
      if (!(error instanceof RE2JSException)) throw error;
      const reason =
        error instanceof RE2JSSyntaxException
          ? `${error.getDescription()}${positionOf(error.getPattern(), pattern)}`
          : "it cannot be compiled";
      // The pattern may contain the content of a ${file:}: neither it nor the error that quotes it is passed
      // on.
      throw new ExpressionError("E_CONFIG_REGEX", `not a pattern that RE2 accepts: ${reason}`, {
        hint: hintFor(pattern),
      });
    }
  };
}

interface Matcher {
  find(): boolean;
  group(name: string): string | null;
}

function groupsOf(matcher: Matcher, names: readonly string[]): Record<string, string> | undefined {
  if (!matcher.find()) return undefined;
  const groups: Record<string, string> = {};
  for (const name of names) {
    const text = matcher.group(name);
    if (text !== null && text !== undefined && name !== "__proto__") groups[name] = text;
  }
  return groups;
}

interface Bounds {
  readonly maxLength: number;
  readonly mayMatch: MayMatch | undefined;
}

function bounded(
  find: (text: string) => boolean,
  { maxLength, mayMatch }: Bounds,
): Pick<Regex, "begin" | "test"> {
  const untimed = Math.floor(maxLength / untimedShare);
  let looked = 0;
  let tookMs = 0;
  return {
    begin() {
      looked = 0;
      tookMs = 0;
    },
    test(text) {
      const part = text.length > maxLength ? text.slice(0, maxLength) : text;
      if (mayMatch !== undefined && !mayMatch(part)) return false;
      // A time limit alone would let a pause of the machine decide about a short list.
      if (looked > maxLength && tookMs > maxListMs) return false;
      looked += part.length;
      if (looked <= untimed) return find(part);
      const startedMs = performance.now();
      const found = find(part);
      tookMs += performance.now() - startedMs;
      return found;
    },
  };
}

function tooLarge(size: number): ExpressionError {
  return new ExpressionError(
    "E_CONFIG_REGEX",
    `the pattern is too large: it compiles to ${size} instructions, at most ${maxSize} are allowed`,
    { hint: "each repeat such as {0,1000} counts as that many copies: use * or + or smaller numbers" },
  );
}

/** The position of the faulty part, without its text. */
function positionOf(part: string | null, pattern: string): string {
  const at = part ? pattern.indexOf(part) : -1;
  return at < 0 || part === pattern ? "" : ` at character ${at + 1}`;
}

function hintFor(pattern: string): string | undefined {
  if (/\(\?<?[=!]/.test(pattern)) {
    return "RE2 has no lookahead or lookbehind: use a second operator, such as `not`, next to `regex`";
  }
  if (/\\[1-9]/.test(pattern)) return "RE2 has no back-references";
  if (/\\$/.test(pattern)) return "write a literal backslash as \\\\";
  return undefined;
}
