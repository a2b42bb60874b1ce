// Texts that must occur for a pattern to match: a plain text search is many times faster than RE2, and nearly
// all lines of a log contain none of them. Derived from the pattern itself, and only where that is certain.

import type { TextNeeds } from "../contract/emit-all.ts";
import { needsOf, needsOfAll } from "./text-need.ts";

/** False: the pattern certainly does not match. True: perhaps. */
export type MayMatch = (text: string) => boolean;

/** `pattern` is one that RE2 accepts. */
export function requiredNeeds(pattern: string, ignoreCase: boolean): TextNeeds | undefined {
  const { needs, folds } = readNeeds(pattern, ignoreCase);
  return needsOfAll(needs.map((texts) => needsOf(texts, folds)));
}

/** Undefined when a match requires no particular text. `pattern` is one that RE2 accepts. */
export function requiredTexts(pattern: string, ignoreCase: boolean): MayMatch | undefined {
  const { needs, folds } = readNeeds(pattern, ignoreCase);
  const tests = needs.map((texts) => (folds ? foldedTest(texts) : plainTest(texts)));
  const certain = tests.filter((test) => test !== undefined);
  const [first, ...others] = certain;
  if (first === undefined || others.length === 0) return first;
  return (text) => first(text) && others.every((test) => test(text));
}

/** Longest first. */
function readNeeds(pattern: string, ignoreCase: boolean): { needs: readonly Need[]; folds: boolean } {
  const flags = /^\(\?([imsU]+)\)/.exec(pattern);
  const rest = flags === null ? pattern : pattern.slice(flags[0].length);
  const folds = ignoreCase || (flags?.[1] as string | undefined)?.includes("i") === true;
  // Inline flags change the meaning of the following characters, and \Q starts a literal.
  if (/\(\?(?!:|P?<[A-Za-z])|\\[QE]/.test(rest)) return { needs: [], folds };
  const needs = readChoice({ pattern: rest, at: 0 })
    .filter((texts) => texts.length <= maxTexts)
    .sort((a, b) => shortest(b) - shortest(a))
    .slice(0, maxNeeds);
  return { needs, folds };
}

const maxTexts = 16;
const maxNeeds = 3;

function plainTest(texts: readonly string[]): MayMatch {
  const [only] = texts;
  if (only !== undefined && texts.length === 1) return (text) => text.includes(only);
  return (text) => {
    for (const one of texts) if (text.includes(one)) return true;
    return false;
  };
}

/**
 * RE2 folds case beyond ASCII too: k includes the Kelvin sign, which toLowerCase maps, and s the long s,
 * which it does not.
 */
function foldedTest(texts: readonly string[]): MayMatch | undefined {
  if (texts.some((text) => /[^\0-\x7f]/.test(text))) return undefined;
  const folded = texts.map((text) => text.toLowerCase());
  const test = plainTest(folded.some((text) => text.includes("s")) ? [...folded, "\u017f"] : folded);
  return (text) => test(text.toLowerCase());
}

/** One of these must occur. */
type Need = readonly string[];

interface Reading {
  readonly pattern: string;
  at: number;
}

/** Up to the end, or to the bracket that closes the group. All of its results must occur. */
function readChoice(reading: Reading): readonly Need[] {
  const branches = [readBranch(reading)];
  while (reading.pattern[reading.at] === "|") {
    reading.at += 1;
    branches.push(readBranch(reading));
  }
  const [only] = branches;
  if (branches.length === 1) return only as readonly Need[];
  // Of each branch the text that is least likely to occur by chance; together they are one requirement.
  const best = branches.map((needs) => [...needs].sort((a, b) => shortest(b) - shortest(a))[0]);
  return best.every((need) => need !== undefined) ? [best.flat()] : [];
}

function readBranch(reading: Reading): Need[] {
  const { pattern } = reading;
  const needs: Need[] = [];
  let run = "";
  const endRun = () => {
    if (run !== "") needs.push([run]);
    run = "";
  };
  while (reading.at < pattern.length && pattern[reading.at] !== "|" && pattern[reading.at] !== ")") {
    if (pattern[reading.at] === "(") {
      endRun();
      const inner = readGroup(reading);
      if (readRepeat(reading) !== "may be absent") needs.push(...inner);
      continue;
    }
    const character = readCharacter(reading);
    const repeat = readRepeat(reading);
    if (character !== undefined && repeat !== "may be absent") run += character;
    if (character === undefined || repeat !== "once") endRun();
  }
  endRun();
  return needs;
}

function shortest(texts: readonly string[]): number {
  return Math.min(...texts.map((text) => text.length));
}

function readGroup(reading: Reading): readonly Need[] {
  const opening = /\((?:\?(?::|P?<\w+>))?/y;
  opening.lastIndex = reading.at;
  reading.at += opening.exec(reading.pattern)?.[0].length ?? 1;
  const texts = readChoice(reading);
  reading.at += 1; // The closing bracket.
  return texts;
}

/** One literal character; undefined for anything else. */
function readCharacter(reading: Reading): string | undefined {
  const { pattern } = reading;
  const character = String.fromCodePoint(pattern.codePointAt(reading.at) as number);
  if (character === "[") {
    reading.at = endOfClass(pattern, reading.at);
    return undefined;
  }
  if (character === "\\") {
    const escaping = /\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|..)|[0-7]{1,3}|.)/suy;
    escaping.lastIndex = reading.at;
    const whole = escaping.exec(pattern)?.[0] ?? character;
    reading.at += whole.length;
    const escaped = whole.slice(1);
    return /^[^\w\s]$/.test(escaped) ? escaped : undefined;
  }
  reading.at += character.length;
  return ".^$".includes(character) ? undefined : character;
}

function endOfClass(pattern: string, from: number): number {
  let at = from + 1;
  if (pattern[at] === "^") at += 1;
  if (pattern[at] === "]") at += 1;
  while (at < pattern.length && pattern[at] !== "]") {
    if (pattern[at] === "\\") at += 2;
    else if (pattern.startsWith("[:", at)) at = Math.max(at + 2, pattern.indexOf(":]", at) + 2);
    else at += 1;
  }
  return at + 1;
}

function readRepeat(reading: Reading): "once" | "at least once" | "may be absent" {
  const repeat = /(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/y;
  repeat.lastIndex = reading.at;
  const found = repeat.exec(reading.pattern);
  if (found === null) return "once";
  reading.at += found[0].length;
  if (found[0].startsWith("+")) return "at least once";
  return Number(found[1] ?? 0) > 0 ? "at least once" : "may be absent";
}
