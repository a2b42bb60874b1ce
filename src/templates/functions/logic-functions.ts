// Functions for conditions: comparisons and true/false. They return true or false, for `if` and `unless`.

import { isDeepStrictEqual } from "node:util";
import { compareNumbers, isLargeNumber } from "../../json.ts";
import { numberOf, type TemplateFunctions, textOf, type Value } from "./template-function.ts";

const comparison = (name: string, holds: (order: number) => boolean) => ({
  usage: `${name} left right`,
  takes: [2, 2] as const,
  call([left, right]: readonly Value[]) {
    const order = orderOf(left, right);
    return order !== undefined && holds(order);
  },
});

export const logicFunctions: TemplateFunctions = {
  eq: { usage: "eq left right", takes: [2, 2], call: ([left, right]) => equal(left, right) },
  ne: { usage: "ne left right", takes: [2, 2], call: ([left, right]) => !equal(left, right) },
  gt: comparison("gt", (order) => order > 0),
  gte: comparison("gte", (order) => order >= 0),
  lt: comparison("lt", (order) => order < 0),
  lte: comparison("lte", (order) => order <= 0),
  and: { usage: "and one two", takes: [2, 8], shallow: true, call: (values) => values.every(holds) },
  or: { usage: "or one two", takes: [2, 8], shallow: true, call: (values) => values.some(holds) },
  not: { usage: "not value", takes: [1, 1], shallow: true, call: ([value]) => !holds(value) },
  includes: {
    usage: 'includes list "value"',
    takes: [2, 2],
    call([container, wanted]) {
      if (Array.isArray(container)) return container.some((item) => equal(item, wanted));
      if (typeof container === "object" && container !== null) {
        return Object.hasOwn(container, textOf(wanted));
      }
      return textOf(wanted) !== "" && textOf(container).includes(textOf(wanted));
    },
  },
};

/** The truth rule of `if`: missing, null, false, 0, empty text and an empty list are false. */
function holds(value: Value): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** Headers and query values are always text: a number equals its text. */
function equal(left: Value, right: Value): boolean {
  const a = left ?? null;
  const b = right ?? null;
  if (typeof a !== typeof b && isScalar(a) && isScalar(b)) return String(a) === String(b);
  return isDeepStrictEqual(a, b);
}

function isScalar(value: Value): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** Large ones too: `1e999` and `9007199254740993` are numbers of an event that are kept as text. */
function isNumber(value: Value): value is number | string {
  return numberOf(value) !== undefined || (typeof value === "string" && isLargeNumber(value));
}

/**
 * Compared as numbers when both are; else as text, which also orders RFC 3339 times. Nothing is ordered
 * relative to a missing value.
 */
function orderOf(left: Value, right: Value): number | undefined {
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right);
  if (!isScalar(left) || !isScalar(right)) return undefined;
  return textOf(left) < textOf(right) ? -1 : textOf(left) > textOf(right) ? 1 : 0;
}
