// The operators of `match`, each compiled once into a test of one value. leaf.ts handles lists, missing paths
// and `not`; here a value is the value at the path, or one element of it.

import { compileRanges } from "../addresses.ts";
import type { TextNeeds } from "../contract/emit-all.ts";
import type { Json } from "../contract.ts";
import { compareNumbers, isLargeNumber } from "../json.ts";
import { compileGlob, operandError } from "./glob.ts";
import type { RegexCompiler } from "./regex.ts";
import { showValue } from "./show.ts";
import { needsOf, needsOfAny } from "./text-need.ts";

export type Scalar = string | number | boolean | null;
export type ValueTest = (value: Json) => boolean;

export interface OperatorContext {
  /** The path is text: operands are compared as text. */
  readonly textual: boolean;
  /** `ci: true` is next to the operator. */
  readonly ignoreCase: boolean;
  readonly compileRegex: RegexCompiler;
}

export interface CompiledOperator {
  readonly test: ValueTest;
  /** For messages: `prefix "release/"`. */
  readonly wanted: string;
  /** The values that pass, when the operator is plain equality. */
  readonly equals?: readonly Scalar[];
  /** What a passing text must contain. */
  readonly needs?: TextNeeds | undefined;
}

type Compile = (operand: Json, context: OperatorContext) => CompiledOperator;

/** Every operator that tests one value. `exists`, `not` and `ci: true` are handled by leaf.ts. */
export const operators: Readonly<Record<string, Compile>> = {
  eq: (operand, context) => {
    if (Array.isArray(operand)) throw operandError("takes one value", "use `in` for a list");
    return equality([operand], context);
  },
  in: (operand, context) => equality(Array.isArray(operand) ? operand : [operand], context),
  ci: (operand, context) =>
    equality(Array.isArray(operand) ? operand : [operand], { ...context, ignoreCase: true }),
  prefix: holding("prefix", (operand) => (text) => text.startsWith(operand)),
  suffix: holding("suffix", (operand) => (text) => text.endsWith(operand)),
  contains: holding("contains", (operand) => (text) => text.includes(operand)),
  glob: textOperator("glob", (operand) => compileGlob(operand)),
  regex: (operand, context) => {
    const tests = texts(operand, context).map((pattern) =>
      context.compileRegex(pattern, { ignoreCase: context.ignoreCase }),
    );
    return {
      test: (value) => typeof value === "string" && tests.some((regex) => regex.test(value)),
      wanted: `regex ${showChoice(texts(operand, context))}`,
      needs: needsOfAny(tests.map(({ needs }) => needs)),
    };
  },
  cidr: (operand, context) => {
    const contains = compileCidr(texts(operand, context));
    return {
      test: (value) => typeof value === "string" && contains(value),
      wanted: `cidr ${showChoice(texts(operand, context))}`,
    };
  },
  gt: order("gt", (a, b) => a > b),
  gte: order("gte", (a, b) => a >= b),
  lt: order("lt", (a, b) => a < b),
  lte: order("lte", (a, b) => a <= b),
};

export function equality(operands: readonly Json[], context: OperatorContext): CompiledOperator {
  if (operands.length === 0) throw operandError("is an empty list, which nothing can equal");
  const values = operands.map((operand) => toScalar(operand, context.textual));
  const wanted = showChoice(values);
  if (context.ignoreCase && values.some((value) => typeof value === "string")) {
    const folded = new Set(values.map(fold));
    const test: ValueTest = (value) => folded.has(fold(value) as Scalar);
    return { test, wanted: `${wanted} in any case`, needs: needsOf(values, true) };
  }
  const [only] = values;
  const needs = needsOf(values, false);
  if (values.length === 1) return { test: (value) => value === only, wanted, equals: values, needs };
  const known = new Set<Json>(values);
  return { test: (value) => known.has(value), wanted, equals: values, needs };
}

function toScalar(operand: Json, textual: boolean): Scalar {
  if (typeof operand === "object" && operand !== null) {
    throw operandError(
      `takes a text, a number, true, false or null, not ${Array.isArray(operand) ? "a list" : "a mapping"}`,
    );
  }
  if (isRounded(operand)) throw operandError("is a number too large to be exact", "put it in quotes");
  if (!textual) return operand;
  if (operand === null)
    throw operandError(
      "is null, but the value at this path is text",
      "use `exists: false` for a missing value",
    );
  return String(operand);
}

/** YAML has rounded it, and an event has such a number as text. */
function isRounded(operand: Json): boolean {
  return typeof operand === "number" && Number.isInteger(operand) && !Number.isSafeInteger(operand);
}

function fold(value: Json): Json {
  return typeof value === "string" ? value.toLowerCase() : value;
}

/** An operator whose operand occurs literally in the text. */
function holding(name: string, compile: (operand: string) => (text: string) => boolean): Compile {
  const operator = textOperator(name, compile);
  return (operand, context) => ({
    ...operator(operand, context),
    needs: needsOf(texts(operand, context), context.ignoreCase),
  });
}

function textOperator(name: string, compile: (operand: string) => (text: string) => boolean): Compile {
  return (operand, context) => {
    const written = texts(operand, context);
    const tests = written.map((text) => compile(context.ignoreCase ? text.toLowerCase() : text));
    const [only] = tests;
    const any = tests.length === 1 ? only! : (text: string) => tests.some((test) => test(text));
    const test: ValueTest = context.ignoreCase
      ? (value) => typeof value === "string" && any(value.toLowerCase())
      : (value) => typeof value === "string" && any(value);
    return { test, wanted: `${name} ${showChoice(written)}${context.ignoreCase ? " in any case" : ""}` };
  };
}

function texts(operand: Json, { textual }: OperatorContext): string[] {
  const list = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) throw operandError("is an empty list");
  return list.map((item) => {
    if (isRounded(item)) throw operandError("is a number too large to be exact", "put it in quotes");
    if (typeof item === "string" && item !== "") return item;
    if (item === "") throw operandError("is empty, which matches everything", "use `exists: true`");
    if (textual && (typeof item === "number" || typeof item === "boolean")) return String(item);
    throw operandError("takes a text or a list of texts", "put it in quotes");
  });
}

function order(name: string, compare: (a: number, b: number) => boolean): Compile {
  return (operand, { textual }) => {
    const wanted = `${name} ${showValue(operand)}`;
    if (isRounded(operand)) throw operandError("is a number too large to be exact", "put it in quotes");
    if (typeof operand === "number" || (typeof operand === "string" && isLargeNumber(operand))) {
      const isComparable = (value: Json): value is number | string =>
        typeof value === "string"
          ? textual
            ? isDecimal(value)
            : isLargeNumber(value)
          : !textual && typeof value === "number";
      const test: ValueTest = (value) => isComparable(value) && compare(compareNumbers(value, operand), 0);
      return { test, wanted };
    }
    const instant = typeof operand === "string" ? parseTime(operand) : undefined;
    if (instant === undefined) {
      throw operandError(
        "takes a number, or a time such as 2026-01-31T12:00:00Z",
        typeof operand === "string" && isDecimal(operand) ? `write ${operand} without quotes` : undefined,
      );
    }
    return {
      test(value) {
        const other = typeof value === "string" ? parseTime(value) : undefined;
        return other !== undefined && compare(other, instant);
      },
      wanted,
    };
  };
}

function isDecimal(text: string): boolean {
  return text.length <= 40 && /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text);
}

/** RFC 3339 with its offset, or a bare date at 00:00 UTC; times without an offset are ambiguous. */
function parseTime(text: string): number | undefined {
  if (text.length > 40) return undefined;
  if (!/^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d))?$/.test(text)) return undefined;
  const ms = Date.parse(text.replace(" ", "T"));
  return Number.isNaN(ms) ? undefined : ms;
}

function showChoice(values: readonly Json[]): string {
  return values.length <= 4
    ? values.map(showValue).join(" or ")
    : `one of ${values.length}: ${showValue([...values])}`;
}

// The operator `cidr`: address ranges (`10.0.0.0/8`, `2001:db8::/32`, or one address).

/** Throws an ExpressionError, as operandError makes it, when a range is malformed. */
export function compileCidr(ranges: readonly string[]): (address: string) => boolean {
  const compiled = compileRanges(ranges);
  if ("malformed" in compiled)
    throw operandError(`takes a range such as 10.0.0.0/8, not ${JSON.stringify(compiled.malformed)}`);
  return compiled.contains;
}
