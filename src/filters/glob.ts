// Globs on texts such as branch names and paths, with the semantics of bash with globstar, gitignore and
// GitHub: `*` within one part, `**` across parts, `**/` for no folder or more, `?`, `[a-z]`, `[[:digit:]]`,
// `{a,b}`, `{1..9}`, `\` escapes. A character is a code point. All states of the pattern are followed at
// once, so the time is bounded by text times pattern.

import { ExpressionError } from "../errors.ts";

export type Glob = (text: string) => boolean;

const maxAlternatives = 100;
const maxLength = 500;

/**
 * One step of a pattern. A `star` consumes any number of characters. An `optional` consumes none, and this
 * many steps from it on may be skipped.
 */
type Step = { readonly star: boolean; readonly optional?: number; takes(character: string): boolean };

/** Throws an ExpressionError, as operandError makes it, when the pattern is malformed. */
export function compileGlob(pattern: string, ignoreCase = false): Glob {
  if (pattern.length > maxLength) throw operandError(`has more than ${maxLength} characters`);
  refuseExtended(pattern);
  const matchers = expandBraces(ignoreCase ? pattern.toLowerCase() : pattern).map((one) =>
    compileAlternative(one, ignoreCase),
  );
  const matches = (text: string) => matchers.some((matcher) => matcher(text));
  return ignoreCase ? (text) => matches(text.toLowerCase()) : matches;
}

/** In bash only with `extglob`, and nowhere in gitignore or at GitHub: as plain text it would silently match nothing. */
function refuseExtended(pattern: string): void {
  const plain = pattern.replace(/\\./g, "");
  if (/(^|\/)!\([^()]*\)/.test(plain))
    throw operandError(
      "has a negation of bash, !(...), which is not supported here",
      "write  not: { glob: ... }",
    );
  if (/[?*+@!]\([^()]*\|[^()]*\)/.test(plain))
    throw operandError(
      "has alternatives of bash, such as @(a|b), which are not supported here",
      "write  {a,b}, or regex for what repeats; a plain parenthesis is \\(",
    );
}

function compileAlternative(pattern: string, ignoreCase: boolean): Glob {
  const steps = parse(pattern, ignoreCase);
  const prefix = literalPrefix(pattern);
  if (prefix === pattern) return (text) => text === pattern;
  const rest = steps.slice([...prefix].length);
  const last = rest.length === 1 ? rest[0] : undefined;
  if (last?.star && last.takes("/")) return (text) => text.startsWith(prefix);
  if (last?.star) return (text) => text.startsWith(prefix) && !text.includes("/", prefix.length);
  return (text) => text.startsWith(prefix) && run(rest, text, prefix.length);
}

function literalPrefix(pattern: string): string {
  return /^[^*?[\\]*/.exec(pattern)![0];
}

/** `active[i]`: the first i steps match the text so far. */
function run(steps: readonly Step[], text: string, from: number): boolean {
  let active = new Uint8Array(steps.length + 1);
  let next = new Uint8Array(steps.length + 1);
  active[0] = 1;
  skipStars(active, steps);
  for (const character of from === 0 ? text : text.slice(from)) {
    next.fill(0);
    let alive = false;
    for (let i = 0; i < steps.length; i++) {
      if (active[i] === 0 || !steps[i]!.takes(character)) continue;
      next[steps[i]!.star ? i : i + 1] = 1;
      alive = true;
    }
    if (!alive) return false;
    skipStars(next, steps);
    [active, next] = [next, active];
  }
  return active[steps.length] === 1;
}

/** A star may also consume nothing. */
function skipStars(active: Uint8Array, steps: readonly Step[]): void {
  for (let i = 0; i < steps.length; i++) {
    if (active[i] === 0) continue;
    const { star, optional } = steps[i]!;
    if (star || optional !== undefined) active[i + 1] = 1;
    if (optional !== undefined) active[i + optional] = 1;
  }
}

const withinPart: Step = { star: true, takes: (character) => character !== "/" };
const acrossParts: Step = { star: true, takes: () => true };
const anyOne: Step = { star: false, takes: (character) => character !== "/" };

const orNothing: Step = { star: false, optional: 3, takes: () => false };
const slash: Step = { star: false, takes: (character) => character === "/" };

function parse(pattern: string, ignoreCase: boolean): Step[] {
  const characters = [...pattern];
  const steps: Step[] = [];
  let at = 0;
  while (at < characters.length) {
    const character = characters[at]!;
    if (character === "*") {
      const begun = at;
      while (characters[at] === "*") at++;
      const isFolders =
        at - begun > 1 && (begun === 0 || characters[begun - 1] === "/") && characters[at] === "/";
      if (isFolders) {
        // No folder or more: the star and its slash may both be skipped.
        steps.push(orNothing, acrossParts, slash);
        at++;
      } else steps.push(at - begun > 1 ? acrossParts : withinPart);
    } else if (character === "[") {
      const end = endOfSet(characters, at);
      steps.push(parseSet(characters.slice(at + 1, end), ignoreCase));
      at = end + 1;
    } else if (character === "?") {
      steps.push(anyOne);
      at++;
    } else {
      if (character === "\\") at++;
      if (at >= characters.length) throw operandError("ends with a backslash");
      const literal = characters[at]!;
      steps.push({ star: false, takes: (taken) => taken === literal });
      at++;
    }
  }
  return steps;
}

/**
 * Position of the `]` that closes the set which begins at `open`: the first member may be a `]`, and a
 * backslash escapes one.
 */
function endOfSet(characters: readonly string[], open: number): number {
  let at = open + 1;
  if (characters[at] === "!" || characters[at] === "^") at++;
  for (let isFirst = true; at < characters.length; at++, isFirst = false) {
    if (characters[at] === "]" && !isFirst) return at;
    if (characters[at] === "\\") at++;
    else if (characters[at] === "[" && characters[at + 1] === ":") {
      const end = characters.indexOf("]", at + 2);
      if (end > 0 && characters[end - 1] === ":") at = end;
    }
  }
  throw operandError('has a "[" that is never closed');
}

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[\p{L}\p{N}]/u,
  alpha: /\p{L}/u,
  blank: /[ \t]/,
  digit: /[0-9]/,
  lower: /\p{Ll}/u,
  punct: /[!-/:-@[-`{-~]/,
  space: /\s/,
  upper: /\p{Lu}/u,
  word: /[\p{L}\p{N}_]/u,
  xdigit: /[0-9A-Fa-f]/,
};

function parseSet(body: readonly string[], ignoreCase: boolean): Step {
  const negated = body[0] === "!" || body[0] === "^";
  const ranges: [from: number, to: number][] = [];
  const named: RegExp[] = [];
  const members = body.slice(negated ? 1 : 0);
  let at = 0;
  const member = (): number => {
    if (members[at] === "\\" && at + 1 < members.length) at++;
    return members[at++]!.codePointAt(0)!;
  };
  while (at < members.length) {
    const name = /^\[:([a-z]+):\]/.exec(members.slice(at, at + 12).join(""))?.[1];
    if (name !== undefined) {
      // Pattern and text are in lower case then.
      const looked = ignoreCase && name === "upper" ? "lower" : name;
      const known = Object.hasOwn(classes, looked) ? classes[looked] : undefined;
      if (known === undefined) throw operandError(`has an unknown class [:${name}:]`);
      named.push(known);
      at += name.length + 4;
      continue;
    }
    const from = member();
    if (members[at] !== "-" || at + 1 >= members.length) {
      ranges.push([from, from]);
      continue;
    }
    at++;
    const to = member();
    if (to < from) throw operandError("has a range in brackets that ends before it begins");
    ranges.push([from, to]);
  }
  const holds = (character: string): boolean => {
    const point = character.codePointAt(0)!;
    return (
      ranges.some(([from, to]) => point >= from && point <= to) || named.some((one) => one.test(character))
    );
  };
  return { star: false, takes: (character) => character !== "/" && negated !== holds(character) };
}

/** Like bash: braces without a comma or a range are literal. */
function expandBraces(pattern: string, from = 0): string[] {
  const open = findOpenBrace(pattern, from);
  if (open < 0) return [pattern];
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let at = open; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === "\\") at++;
    else if (character === "{") depth++;
    else if (character === "," && depth === 1) {
      parts.push(pattern.slice(start, at));
      start = at + 1;
    } else if (character === "}" && --depth === 0) {
      parts.push(pattern.slice(start, at));
      const alternatives = parts.length > 1 ? parts : rangeOf(parts[0]!);
      const head = pattern.slice(0, open);
      if (alternatives === undefined) {
        const literal = `${head}\\{`;
        return expandBraces(`${literal}${pattern.slice(open + 1, at)}\\${pattern.slice(at)}`, literal.length);
      }
      const tail = pattern.slice(at + 1);
      const expanded = alternatives.flatMap((part) => {
        if (alternatives.length > maxAlternatives) throw tooMany();
        return expandBraces(head + part + tail, open);
      });
      if (expanded.length > maxAlternatives) throw tooMany();
      return expanded;
    }
  }
  throw operandError('has a "{" that is never closed');
}

/** `1..9`, `a..e`; undefined when it is not a range. */
function rangeOf(body: string): readonly string[] | undefined {
  const [, first, last] =
    /^(-?\d{1,6})\.\.(-?\d{1,6})$/.exec(body) ?? /^([a-z])\.\.([a-z])$/i.exec(body) ?? [];
  if (first === undefined || last === undefined) return undefined;
  const isNumber = /\d/.test(first);
  const [from, to] = [first, last].map((end) => (isNumber ? Number(end) : end.charCodeAt(0))) as [
    number,
    number,
  ];
  const length = Math.abs(to - from) + 1;
  if (length > maxAlternatives) throw tooMany();
  const width =
    isNumber && [first, last].some((end) => /^-?0\d/.test(end)) ? Math.max(first.length, last.length) : 0;
  return Array.from({ length }, (_, index) => {
    const value = from + (to < from ? -index : index);
    return isNumber ? String(value).padStart(width, "0") : String.fromCharCode(value);
  });
}

function tooMany(): ExpressionError {
  return operandError(`has braces that give more than ${maxAlternatives} alternatives`);
}

/** Ignores escaped ones and members of a set. */
function findOpenBrace(pattern: string, from: number): number {
  for (let at = from; at < pattern.length; at++) {
    if (pattern[at] === "\\") at++;
    else if (pattern[at] === "{") return at;
    else if (pattern[at] === "[") {
      const end = pattern.indexOf("]", at + 2);
      if (end > 0 && !pattern.slice(at, end).includes("/")) at = end;
    }
  }
  return -1;
}

// A mistake in the operand of an operator, before its location in the pattern is known.

/** The message follows the operator's name: `takes one value`. */
export function operandError(message: string, hint?: string): ExpressionError {
  return new ExpressionError("E_CONFIG_MATCH", message, { hint });
}
