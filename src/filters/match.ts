// `match`: patterns over the View, compiled once. Returns nothing, or the one path where an event did not
// match. Never throws on an event.

import type { Filter, Json, JsonObject, Root, View } from "../contract.ts";
import type { ExpressionError } from "../errors.ts";
import { isObject } from "../json.ts";
import { compileLeaf, createProblems, type Leaf, type PatternPath, type Problems } from "./leaf.ts";
import type { Scalar } from "./operators.ts";
import { type Path, parsePath } from "./path.ts";
import type { Regex, RegexCompiler } from "./regex.ts";
import { showValue } from "./show.ts";
import { needsOfAll, needsOfAny, type PathNeeds } from "./text-need.ts";

export interface Mismatch {
  /** The path as written in the pattern. */
  readonly path: string;
  /** The actual value; undefined when it is missing. */
  readonly was: Json | undefined;
  readonly wanted: string;
  /** How many tests of the pattern passed before this one. */
  readonly passed: number;
  /** The number of alternatives of which this one came closest. */
  readonly alternatives?: number;
}

export interface CompiledMatch extends Part {
  /** The roots that the pattern reads. */
  readonly roots: ReadonlySet<Root>;
}

/** A pattern, or a part of one. */
interface Part {
  /** undefined: the event matches. */
  test(view: View): Mismatch | undefined;
  /** Equalities that every match requires, for the index. */
  readonly terms: readonly IndexTerm[];
  /** What the text at these paths must contain. */
  readonly needsAt: PathNeeds;
}

/**
 * `match` is undefined exactly when there are problems. Each problem has the path inside the pattern, whether
 * its key or its value is at fault, and often a hint.
 */
export interface MatchCompilation {
  readonly match: CompiledMatch | undefined;
  readonly problems: readonly ExpressionError[];
}

export function compileMatch(pattern: Json, compileRegex: RegexCompiler): MatchCompilation {
  const problems = createProblems();
  const roots = new Set<Root>();
  const regexes: Regex[] = [];
  const keep: RegexCompiler = (text, options) => {
    const regex = compileRegex(text, options);
    regexes.push(regex);
    return regex;
  };
  const whole = compileAny(pattern, [], { problems, compileRegex: keep, roots });
  if (problems.found.length > 0) return { match: undefined, problems: problems.found };
  const test: Part["test"] = (view) => {
    for (const regex of regexes) regex.begin();
    return whole.test(view);
  };
  return { match: { ...whole, test, roots }, problems: [] };
}

/** Whether `compileMatch` will ask for RE2. */
export function matchNeedsRegex(pattern: Json): boolean {
  if (typeof pattern !== "object" || pattern === null) return false;
  if (Array.isArray(pattern)) return pattern.some(matchNeedsRegex);
  return Object.hasOwn(pattern, "regex") || Object.values(pattern).some(matchNeedsRegex);
}

export function matchFilter(match: CompiledMatch): Filter {
  return {
    name: "match",
    test(view) {
      const mismatch = match.test(view);
      return mismatch === undefined
        ? { pass: true }
        : { pass: false, reason: describeMismatch(mismatch), path: mismatch.path };
    },
  };
}

/** `data.action: was "opened", wanted "closed"`, at most a few hundred characters. */
export function describeMismatch({ path, was, wanted, alternatives }: Mismatch): string {
  const closest = alternatives === undefined ? "" : ` (the closest of ${alternatives} patterns)`;
  return `${path}: was ${showValue(was)}, wanted ${wanted}${closest}`;
}

interface Context {
  readonly problems: Problems;
  readonly compileRegex: RegexCompiler;
  /** Filled while compiling. */
  readonly roots: Set<Root>;
}

/** A pattern, or a list of which any may match. */
function compileAny(pattern: Json, at: PatternPath, context: Context): Part {
  if (!Array.isArray(pattern)) return compilePattern(pattern, at, context);
  const alternatives = compileList(pattern, at, context);
  const [only] = alternatives;
  if (alternatives.length === 1) return only!;
  return {
    terms: mergeTerms(alternatives.map((alternative) => alternative.terms)),
    needsAt: (paths) => needsOfAny(alternatives.map((alternative) => alternative.needsAt(paths))),
    test(view) {
      let nearest: Mismatch | undefined;
      for (const alternative of alternatives) {
        const mismatch = alternative.test(view);
        if (mismatch === undefined) return undefined;
        if (nearest === undefined || mismatch.passed > nearest.passed) nearest = mismatch;
      }
      return nearest && { ...nearest, alternatives: alternatives.length };
    },
  };
}

function compileList(patterns: readonly Json[], at: PatternPath, context: Context): Part[] {
  if (patterns.length === 0) context.problems.add(at, "an empty list of patterns matches nothing");
  return patterns.map((pattern, i) => compilePattern(pattern, [...at, i], context));
}

function compilePattern(pattern: Json, at: PatternPath, context: Context): Part {
  if (!isObject(pattern)) {
    context.problems.add(at, `a pattern is a mapping from paths to tests, not ${showValue(pattern)}`, {
      hint: "for instance { data.action: closed }",
    });
    return nothing;
  }
  const parts = Object.entries(pattern).map(([key, test]) => compileEntry(key, test, [...at, key], context));
  if (parts.length === 0) {
    context.problems.add(at, "an empty pattern tests nothing", { hint: "leave it out to take every event" });
  }
  return allOf(parts);
}

function compileEntry(key: string, test: Json, at: PatternPath, context: Context): Part {
  switch (key) {
    case "any":
    case "all":
    case "none":
      if (!Array.isArray(test)) {
        context.problems.add(at, `\`${key}\` takes a list of patterns`);
        return nothing;
      }
      if (key === "any") return compileAny(test, at, context);
      return key === "all" ? allOf(compileList(test, at, context)) : compileNone(test, at, context);
    default:
      return compilePath(key, test, at, context);
  }
}

function allOf(parts: readonly Part[]): Part {
  return {
    terms: parts.flatMap((part) => part.terms),
    needsAt: (paths) => needsOfAll(parts.map((part) => part.needsAt(paths))),
    test(view) {
      for (let i = 0; i < parts.length; i++) {
        const mismatch = parts[i]!.test(view);
        if (mismatch !== undefined) return i === 0 ? mismatch : { ...mismatch, passed: mismatch.passed + i };
      }
      return undefined;
    },
  };
}

function compileNone(patterns: readonly Json[], at: PatternPath, context: Context): Part {
  const refused = compileList(patterns, at, context).map((match, i) => {
    const text = firstPath(patterns[i]!);
    const path = text === undefined ? undefined : parsePath(text);
    return { match, path: path !== undefined && "readAll" in path ? path : undefined, number: i };
  });
  return {
    terms: [],
    needsAt: () => undefined,
    test(view) {
      const hit = refused.find(({ match }) => match.test(view) === undefined);
      if (hit === undefined) return undefined;
      return {
        path: hit.path?.text ?? "none",
        was: hit.path === undefined ? undefined : currentValue(hit.path, view),
        wanted: `none[${hit.number}] not to fit`,
        passed: 0,
      };
    },
  };
}

/** The path that represents a whole pattern in a reason. */
function firstPath(pattern: Json): string | undefined {
  if (!isObject(pattern)) return undefined;
  return Object.keys(pattern as JsonObject).find((key) => key !== "any" && key !== "all" && key !== "none");
}

function compilePath(key: string, test: Json, at: PatternPath, context: Context): Part {
  const path = parsePath(key);
  if ("message" in path) {
    context.problems.add(at, path.message, { on: "key", offset: path.offset, hint: path.hint });
    return nothing;
  }
  context.roots.add(path.root);
  const operatorContext = { textual: path.textual, ignoreCase: false, compileRegex: context.compileRegex };
  const leaf = compileLeaf(test, operatorContext, at, context.problems);
  if (leaf === undefined) return nothing;
  const needsAt: PathNeeds = (paths) => (paths.has(path.text) ? leaf.needs : undefined);
  return { terms: termsOf(path, leaf), needsAt, test: testOf(path, leaf) };
}

/** `inputs` and `vars` are the channel's own: they are unknown when channels are looked up. */
function termsOf({ text, root, readOne }: Path, { equals }: Leaf): IndexTerm[] {
  if (root === "inputs" || root === "vars") return [];
  return readOne === undefined || equals === undefined ? [] : [{ path: text, values: equals, read: readOne }];
}

function testOf(path: Path, leaf: Leaf): Part["test"] {
  const { text, readOne } = path;
  const { wanted } = leaf;
  if (readOne === undefined) {
    return (view) => {
      const values = path.readAll(view);
      const flat = values.flat();
      return fits(leaf, values.length > 0, flat)
        ? undefined
        : { path: text, was: currentValue(path, view), wanted, passed: 0 };
    };
  }
  return (view) => {
    const value = readOne(view);
    const fit = Array.isArray(value)
      ? fits(leaf, true, value)
      : value === undefined
        ? fits(leaf, false, [])
        : fitsOne(leaf, value);
    return fit ? undefined : { path: text, was: value, wanted, passed: 0 };
  };
}

function fitsOne({ element, forbidden, exists }: Leaf, value: Json): boolean {
  return (
    exists !== false &&
    (element === undefined || element(value)) &&
    (forbidden === undefined || !forbidden(value))
  );
}

function fits({ element, forbidden, exists }: Leaf, present: boolean, values: readonly Json[]): boolean {
  if (exists !== undefined && exists !== present) return false;
  if (element !== undefined && !values.some(element)) return false;
  return forbidden === undefined || !values.some(forbidden);
}

function currentValue({ readOne, readAll }: Path, view: View): Json | undefined {
  if (readOne !== undefined) return readOne(view);
  const values = readAll(view);
  return values.length === 0 ? undefined : [...values];
}

/** Replaces a part that failed to compile; a compilation with problems is never used. */
const nothing: Part = {
  terms: [],
  needsAt: () => undefined,
  test: () => ({ path: "", was: undefined, wanted: "", passed: 0 }),
};

// An equality that every match of a pattern requires: the index looks events up by it.

export interface IndexTerm {
  /** As written; equal texts read the same path. */
  readonly path: string;
  /** The value, or for a list one element of it, is one of these. */
  readonly values: readonly Scalar[];
  read(view: View): Json | undefined;
}

/** The common term of all alternatives: one on the same path in each of them, with the values of all. */
export function mergeTerms(alternatives: readonly (readonly IndexTerm[])[]): IndexTerm[] {
  const [first, ...others] = alternatives;
  if (first === undefined) return [];
  const merged: IndexTerm[] = [];
  for (const term of first) {
    const values = new Set(term.values);
    const everywhere = others.every((terms) => {
      const same = terms.find((other) => other.path === term.path);
      for (const value of same?.values ?? []) values.add(value);
      return same !== undefined;
    });
    if (everywhere) merged.push({ ...term, values: [...values] });
  }
  return merged;
}
