// Values as shown in a reason: JSON on one line, cut short.

import type { Json } from "../contract.ts";
import { countOf } from "../text/clip.ts";

const maxShownLength = 80;

export function showValue(value: Json | undefined): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") return JSON.stringify(cut(value, maxShownLength - 2));
  if (value === null || typeof value !== "object") return String(value);
  if (Array.isArray(value)) return showList(value);
  const count = Object.keys(value).length;
  return count === 0 ? "an empty object" : `an object of ${countOf(count, "key")}`;
}

function showList(values: readonly Json[]): string {
  const shown: string[] = [];
  let length = 2;
  for (const value of values) {
    const text = Array.isArray(value) ? `a list of ${value.length}` : showValue(value);
    if (length + text.length > maxShownLength && shown.length > 0) break;
    shown.push(text);
    length += text.length + 2;
  }
  if (shown.length < values.length) shown.push(`… ${values.length} in all`);
  return `[${shown.join(", ")}]`;
}

/** At most `max` UTF-16 units, never half of a pair. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\uD800-\uDBFF]/.test(text[max - 2]!) ? max - 2 : max - 1;
  return `${text.slice(0, end)}…`;
}
