// Globs on texts such as branch names and paths: `*` within one part, `**` across parts, `?`, `[a-z]`, `{a,b}`, `\` escapes.
// Every state of the pattern is followed at once, so the time is bounded by text times pattern, whatever both are.

import type { ExpressionError } from "../errors.ts";
import { operandError } from "./operand-error.ts";

export type Glob = (text: string) => boolean;

const maxAlternatives = 100;
const maxLength = 500;

/** One step of a pattern. A `star` stays where it is for as long as it likes. */
type Step = { readonly star: boolean; takes(character: string): boolean };

/** Throws an ExpressionError, as operandError makes it, when the pattern is malformed. */
export function compileGlob(pattern: string, ignoreCase = false): Glob {
  if (pattern.length > maxLength) throw operandError(`has more than ${maxLength} characters`);
  const matchers = expandBraces(ignoreCase ? pattern.toLowerCase() : pattern).map(compileAlternative);
  const matches = (text: string) => matchers.some((matcher) => matcher(text));
  return ignoreCase ? (text) => matches(text.toLowerCase()) : matches;
}

function compileAlternative(pattern: string): Glob {
  const steps = parse(pattern);
  const prefix = literalPrefix(pattern);
  if (prefix === pattern) return (text) => text === pattern;
  const rest = steps.slice(prefix.length);
  const last = rest.length === 1 ? rest[0] : undefined;
  if (last?.star && last.takes("/")) return (text) => text.startsWith(prefix);
  if (last?.star) return (text) => text.startsWith(prefix) && !text.includes("/", prefix.length);
  return (text) => text.startsWith(prefix) && run(rest, text, prefix.length);
}

function literalPrefix(pattern: string): string {
  return /^[^*?[\\]*/.exec(pattern)![0];
}

/** `active[i]`: the text so far is matched by the first i steps. */
function run(steps: readonly Step[], text: string, from: number): boolean {
  let active = new Uint8Array(steps.length + 1);
  let next = new Uint8Array(steps.length + 1);
  active[0] = 1;
  skipStars(active, steps);
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
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

/** A star may also take nothing. */
function skipStars(active: Uint8Array, steps: readonly Step[]): void {
  for (let i = 0; i < steps.length; i++) if (active[i] === 1 && steps[i]!.star) active[i + 1] = 1;
}

const withinPart: Step = { star: true, takes: (character) => character !== "/" };
const acrossParts: Step = { star: true, takes: () => true };
const anyOne: Step = { star: false, takes: (character) => character !== "/" };

function parse(pattern: string): Step[] {
  const steps: Step[] = [];
  let at = 0;
  while (at < pattern.length) {
    const character = pattern[at]!;
    if (character === "*") {
      const stars = /^\*+/.exec(pattern.slice(at))![0].length;
      steps.push(stars > 1 ? acrossParts : withinPart);
      at += stars;
    } else if (character === "[") {
      const end = pattern.indexOf("]", at + 2);
      if (end < 0) throw operandError('has a "[" that is never closed');
      steps.push(parseSet(pattern.slice(at + 1, end)));
      at = end + 1;
    } else if (character === "?") {
      steps.push(anyOne);
      at++;
    } else {
      if (character === "\\") at++;
      if (at >= pattern.length) throw operandError("ends with a backslash");
      const literal = pattern[at]!;
      steps.push({ star: false, takes: (taken) => taken === literal });
      at++;
    }
  }
  return steps;
}

function parseSet(body: string): Step {
  const negated = body.startsWith("!") || body.startsWith("^");
  const members = negated ? body.slice(1) : body;
  const ranges: [from: string, to: string][] = [];
  for (let i = 0; i < members.length; i++) {
    if (members[i + 1] === "-" && i + 2 < members.length) {
      ranges.push([members[i]!, members[i + 2]!]);
      i += 2;
    } else ranges.push([members[i]!, members[i]!]);
  }
  return {
    star: false,
    takes: (character) =>
      character !== "/" && negated !== ranges.some(([from, to]) => character >= from && character <= to),
  };
}

function expandBraces(pattern: string): string[] {
  const open = findUnescaped(pattern, "{", 0);
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
      const head = pattern.slice(0, open);
      const tail = pattern.slice(at + 1);
      const expanded = parts.flatMap((part) => {
        if (parts.length > maxAlternatives) throw tooMany();
        return expandBraces(head + part + tail);
      });
      if (expanded.length > maxAlternatives) throw tooMany();
      return expanded;
    }
  }
  throw operandError('has a "{" that is never closed');
}

function tooMany(): ExpressionError {
  return operandError(`has braces that give more than ${maxAlternatives} alternatives`);
}

function findUnescaped(pattern: string, wanted: string, from: number): number {
  for (let at = from; at < pattern.length; at++) {
    if (pattern[at] === "\\") at++;
    else if (pattern[at] === wanted) return at;
  }
  return -1;
}
