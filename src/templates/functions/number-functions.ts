// Functions that format numbers, with English separators. A value that is not a number is returned unchanged.

import { isLargeNumber } from "../../json.ts";
import { numberOf, type TemplateFunctions, textOf, type Value, wholeOf } from "./template-function.ts";
import { countOf } from "./value-functions.ts";

export const numberFunctions: TemplateFunctions = {
  number: {
    usage: "number value 2",
    takes: [1, 2],
    call([value, digits]) {
      const number = numberOf(value);
      if (number === undefined) return textOf(value);
      const fraction = wholeOf(digits, 0, 0, 20);
      if (isLargeInteger(value)) return grouped(fraction === 0 ? value : `${value}.${"0".repeat(fraction)}`);
      return grouped(digits === undefined ? String(number) : number.toFixed(fraction));
    },
  },
  percent: {
    usage: "percent part whole digits=1",
    takes: [1, 2],
    options: ["digits"],
    call(values, options) {
      const part = numberOf(values[0]);
      const whole = values.length > 1 ? numberOf(values[1]) : 1;
      if (part === undefined || whole === undefined || whole === 0) return "";
      return `${grouped(((part / whole) * 100).toFixed(wholeOf(options.digits, 0, 0, 10)))}%`;
    },
  },
  plural: {
    usage: 'plural count "job" "jobs"',
    takes: [2, 3],
    call([value, one, several]) {
      const count = numberOf(value) ?? countOf(value);
      const word = count === 1 ? textOf(one) : several === undefined ? `${textOf(one)}s` : textOf(several);
      return `${grouped(isLargeInteger(value) ? value : String(count))} ${word}`;
    },
  },
};

/** An integer of an event beyond 2^53: a text, with digits that a number would not have. */
function isLargeInteger(value: Value): value is string {
  return typeof value === "string" && /^-?\d+$/.test(value) && isLargeNumber(value);
}

function grouped(number: string): string {
  if (number.includes("e")) return number;
  const [whole, fraction] = number.split(".") as [string, string | undefined];
  const separated = whole.replace(/\B(?=(?:\d{3})+$)/g, ",");
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}
