// Converts the result of an expression to JSON: integers become numbers, times and durations text. A value
// that JSON cannot represent is an error.

import type { Json } from "../../contract.ts";
import { ExpressionError } from "../../errors.ts";
import type { CelMeter } from "./meter.ts";

export function toJson(value: unknown, meter: Pick<CelMeter, "step">): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "bigint":
      return integerToJson(value);
    case "number":
      if (Number.isFinite(value)) return value;
      throw new ExpressionError("E_CEL_RUN", `the result is ${value}, which is not a JSON number`);
    case "object":
      return value === null ? null : objectToJson(value, meter);
    default:
      throw new ExpressionError(
        "E_CEL_RUN",
        `the result is of type ${typeof value}, which is not a JSON value`,
      );
  }
}

function objectToJson(value: object, meter: Pick<CelMeter, "step">): Json {
  if (Array.isArray(value)) {
    meter.step(value.length);
    return value.map((item) => toJson(item, meter));
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    // fromEntries defines own properties, a key named __proto__ included.
    const members = Object.entries(value);
    meter.step(2 * members.length);
    return Object.fromEntries(members.map(([key, member]) => [key, toJson(member, meter)]));
  }
  const primitive: unknown = value.valueOf();
  if (typeof primitive === "bigint") return integerToJson(primitive);
  // The type of a value is printed as Type<int>.
  const text = String(value);
  return /^Type<(.+)>$/.exec(text)?.[1] ?? text;
}

/** As in an event: an integer that a number cannot represent is a text with all of its digits. */
function integerToJson(value: bigint): Json {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
