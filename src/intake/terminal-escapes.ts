// Removes escape sequences of terminals (ECMA-48): colours, cursor movements and hyperlinks are removed as a
// whole, so that a pattern for the beginning of a line matches a coloured one.

import type { Json } from "../contract.ts";

/** CSI, OSC and the other string sequences with their ends, then two-character escapes. Each alternative stops at the next ESC. */
const escapes =
  /(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b[\]PX^_][^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\|\x9c)|\x1b[ -/]{0,8}[0-Z\\^-~]/g;

/** Whether there may be one: a cheap check for every line. */
export function mayHoldEscapes(text: string): boolean {
  return text.includes("\x1b") || text.includes("\x9b");
}

export function withoutEscapes(text: string): string {
  return mayHoldEscapes(text) ? text.replace(escapes, "") : text;
}

/** The same in every text of a value. Changes the value in place. */
export function withoutEscapesInside(value: Json): Json {
  if (typeof value === "string") return withoutEscapes(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) value[index] = withoutEscapesInside(item);
    return value;
  }
  for (const key of Object.keys(value)) value[key] = withoutEscapesInside(value[key] as Json);
  return value;
}
