// The test of one path of a `match`: a scalar, a list (any of), or operators (all of). Compiled into three
// questions: what one element must be, what no element may be, and whether the path must exist.

import type { TextNeeds } from "../contract/emit-all.ts";
import type { Json, JsonObject } from "../contract.ts";
import { didYouMean } from "../did-you-mean.ts";
import { type ErrorCode, ExpressionError } from "../errors.ts";
import { isObject } from "../json.ts";
import {
  type CompiledOperator,
  equality,
  type OperatorContext,
  operators,
  type Scalar,
  type ValueTest,
} from "./operators.ts";
import { needsOfAll, needsOfAny } from "./text-need.ts";

export interface Leaf {
  /** One value at the path must pass; undefined when none has to. */
  readonly element: ValueTest | undefined;
  /** No value at the path may pass. */
  readonly forbidden: ValueTest | undefined;
  readonly exists: boolean | undefined;
  /** For messages: `"closed" or "merged"`. */
  readonly wanted: string;
  /** Set when one value at the path must be one of these. */
  readonly equals: readonly Scalar[] | undefined;
  /** What the text at the path must contain, if there is one. */
  readonly needs: TextNeeds | undefined;
}

const otherKeys = ["exists", "not"];

/** `undefined` after an error, which is in `problems`. */
export function compileLeaf(
  test: Json,
  context: OperatorContext,
  at: PatternPath,
  problems: Problems,
): Leaf | undefined {
  if (isObject(test)) return compileOperators(test, context, at, problems);
  if (Array.isArray(test) && test.some(isObject)) return compileChoice(test, context, at, problems);
  const compiled = attempt(at, problems, "", () => equality(Array.isArray(test) ? test : [test], context));
  return compiled && toLeaf([compiled], undefined, undefined);
}

/** A list in which some tests are operators: any of its tests. */
function compileChoice(
  tests: readonly Json[],
  context: OperatorContext,
  at: PatternPath,
  problems: Problems,
): Leaf | undefined {
  const parts = tests.map((test, i) => compileLeaf(test, context, [...at, i], problems));
  const nested = parts.findIndex((part) => part?.exists !== undefined);
  if (nested >= 0) problems.add([...at, nested], "`exists` applies to the path and cannot be in a list");
  if (nested >= 0 || parts.some((part) => part === undefined)) return undefined;
  const any = parts.map((part) => passes(part!));
  return {
    element: (value) => any.some((test) => test(value)),
    forbidden: undefined,
    exists: undefined,
    wanted: parts.map((part) => part!.wanted).join(" or "),
    equals: undefined,
    needs: needsOfAny(parts.map((part) => part!.needs)),
  };
}

function compileOperators(
  test: JsonObject,
  context: OperatorContext,
  at: PatternPath,
  problems: Problems,
): Leaf | undefined {
  const before = problems.found.length;
  const ignoreCase = test.ci === true || context.ignoreCase;
  const within = { ...context, ignoreCase };
  const all: CompiledOperator[] = [];
  let not: Leaf | undefined;
  let exists: boolean | undefined;
  for (const [key, operand] of Object.entries(test)) {
    const here = [...at, key];
    if (key === "not") not = compileLeaf(operand, within, here, problems);
    else if (key === "exists") {
      if (typeof operand === "boolean") exists = operand;
      else problems.add(here, "`exists` takes true or false");
    } else if (key === "ci" && typeof operand === "boolean") continue;
    else if (Object.hasOwn(operators, key)) {
      const compiled = attempt(here, problems, key, () => operators[key]!(operand, within));
      if (compiled !== undefined) all.push(compiled);
    } else unknownOperator(key, at, problems);
  }
  if (problems.found.length > before) return undefined;
  if (not?.exists !== undefined)
    problems.add([...at, "not"], "`not` applies to values: add `exists` next to it");
  else if (exists === false && all.length > 0)
    problems.add([...at, "exists"], "`exists: false` contradicts the other operators");
  else if (all.length === 0 && not === undefined && exists === undefined)
    problems.add(at, "an operator is missing here", { hint: 'for instance { prefix: "release/" }' });
  if (problems.found.length > before) return undefined;
  return toLeaf(all, not, exists);
}

/** What other programs call an operator, without `-`, `_` and `$`. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  eq: ["equals", "equal", "is", "value", "exact"],
  in: ["oneof", "anyof", "any", "inlist"],
  ci: ["iequals", "ignorecase", "caseinsensitive", "ieq"],
  prefix: ["startswith", "hasprefix", "beginswith"],
  suffix: ["endswith", "hassuffix"],
  contains: ["includes", "include", "has", "substring"],
  glob: ["like", "wildcard", "fnmatch"],
  regex: ["regexp", "matches", "match", "re", "pattern", "matchre"],
  cidr: ["ip", "iprange", "ipwhitelist", "subnet", "network", "remoteip"],
  gt: ["greater", "greaterthan", "above", "over", "after"],
  gte: ["ge", "min", "atleast", "minimum"],
  lt: ["less", "lessthan", "below", "under", "before"],
  lte: ["le", "max", "atmost", "maximum"],
  not: ["ne", "neq", "nin", "notin", "notequals", "isnot", "unless", "exclude"],
  exists: ["present", "defined", "isset", "isnull"],
};

function unknownOperator(key: string, at: PatternPath, problems: Problems): void {
  const known = [...Object.keys(operators), ...otherKeys];
  const bare = key.toLowerCase().replaceAll(/[-_$]/g, "");
  const near = known.find((one) => otherNames[one]?.includes(bare)) ?? didYouMean(key, known);
  const path = at.findLast((part) => typeof part === "string" && part !== "not");
  const hint =
    near === undefined
      ? `for a key of the event write one dotted path, ${path}.${key}; operators are ${known.join(", ")}`
      : `did you mean ${near}?`;
  problems.add([...at, key], `unknown operator "${key}"`, { on: "key", hint });
}

function toLeaf(all: readonly CompiledOperator[], not: Leaf | undefined, exists: boolean | undefined): Leaf {
  const wanted = all.map((operator) => operator.wanted);
  if (not !== undefined) wanted.push(`not ${not.wanted}`);
  if (exists !== undefined) wanted.push(exists ? "present" : "missing");
  const [only] = all;
  return {
    element:
      all.length === 0
        ? undefined
        : all.length === 1
          ? only!.test
          : (value) => all.every((operator) => operator.test(value)),
    forbidden: not && passes(not),
    exists,
    wanted: wanted.join(" and "),
    equals: all.find((operator) => operator.equals !== undefined)?.equals,
    needs: needsOfAll(all.map(({ needs }) => needs)),
  };
}

/** A leaf as a test of one value. */
function passes({ element, forbidden }: Leaf): ValueTest {
  if (forbidden === undefined && element !== undefined) return element;
  return (value) => (element === undefined || element(value)) && !forbidden?.(value);
}

/** Runs one compilation; a mistake of the author becomes a problem, anything else is rethrown. */
function attempt(
  at: PatternPath,
  problems: Problems,
  operator: string,
  compile: () => CompiledOperator,
): CompiledOperator | undefined {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const subject = operator === "" ? "the test" : `\`${operator}\``;
    const message = error.code === "E_CONFIG_MATCH" ? `${subject} ${error.message}` : error.message;
    problems.add(at, message, { hint: error.hint, code: error.code });
    return undefined;
  }
}

// Collects every mistake of a pattern with its location, so that the user sees all of them at once.

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
