// Functions on values: JSON and YAML text, lists, and the fallback for a missing value.

import { findJson } from "../../json.ts";
import { firstCharacters, lastCharacters } from "../../text/clip.ts";
import { maxOutputLength } from "../limits.ts";
import { type TemplateFunctions, textOf, type Value, wholeOf } from "./template-function.ts";
import { yamlText } from "./yaml-text.ts";

const many = 1_000_000;

export const valueFunctions: TemplateFunctions = {
  json: {
    usage: "json value 2",
    takes: [1, 2],
    call([value, width]) {
      const indent = wholeOf(width, 0, 0, 10);
      if (indent > 0 && isLongWhenIndented(value, indent))
        throw new Error("json makes a text of more than 1 MiB");
      return value === undefined ? "" : JSON.stringify(value, null, indent);
    },
  },
  fromJson: {
    usage: "fromJson text",
    takes: [1, 1],
    call: ([value]) => (typeof value === "string" ? findJson(value) : value),
  },
  yaml: {
    usage: "yaml value",
    takes: [1, 1],
    weight: 4,
    call: ([value]) => (value === undefined ? "" : yamlText(value)),
  },
  first: {
    usage: "first list",
    takes: [1, 2],
    shallow: true,
    call([value, count]) {
      const most = wholeOf(count, 1, 0, many);
      if (!Array.isArray(value)) return firstCharacters(textOf(value), most);
      return count === undefined ? value[0] : value.slice(0, most);
    },
  },
  last: {
    usage: "last list",
    takes: [1, 2],
    shallow: true,
    call([value, count]) {
      const most = wholeOf(count, 1, 0, many);
      if (!Array.isArray(value)) return lastCharacters(textOf(value), most);
      return count === undefined ? value.at(-1) : value.slice(Math.max(0, value.length - most));
    },
  },
  count: { usage: "count list", takes: [1, 1], shallow: true, call: ([value]) => countOf(value) },
  join: {
    usage: 'join list ", "',
    takes: [1, 2],
    call([list, separator]) {
      if (!Array.isArray(list)) return textOf(list);
      const between = separator === undefined ? ", " : textOf(separator);
      if (between.length * list.length > maxOutputLength) {
        throw new Error("join makes a text of more than 1 MiB");
      }
      return list.map(textOf).join(between);
    },
  },
  default: {
    usage: 'default value "none"',
    takes: [2, 8],
    shallow: true,
    call: (values) => values.find((value) => !isMissing(value)) ?? "",
  },
};

/** Elements of a list, keys of an object, characters of a text; 0 for anything else. */
export function countOf(value: Value): number {
  if (Array.isArray(value)) return value.length;
  if (typeof value === "string") return Array.from(value).length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}

/** Each line of a deep value begins with its indent. */
function isLongWhenIndented(value: Value, indent: number): boolean {
  let length = 0;
  const open: (readonly [unknown, number])[] = [[value, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [one, depth] = next;
    length += depth * indent + 1;
    if (length > maxOutputLength) return true;
    if (typeof one === "object" && one !== null)
      for (const inner of Array.isArray(one) ? one : Object.values(one)) open.push([inner, depth + 1]);
  }
  return false;
}

function isMissing(value: Value): boolean {
  if (value === undefined || value === null || value === "") return true;
  return Array.isArray(value) && value.length === 0;
}
