// Removes escape sequences of terminals (ECMA-48): colours, cursor movements and hyperlinks are removed as a
// whole, so that a pattern for the beginning of a line matches a coloured one.

import type { Json, JsonObject } from "../contract.ts";
import { runAtOnce } from "../yield-to-event-loop.ts";

/**
 * CSI, OSC and the other string sequences with their ends, then two-character escapes. Each alternative stops at the next ESC, so that a text
 * takes time in proportion to its length. On one line a string may be of any length: pictures are. Strings that begin with a character of C1
 * are not looked for: in text that was decoded in a wrong way the same characters are quotes.
 */
const escapes =
  /(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b[\]PX^_](?:[^\x07\x1b\x9c]{0,4096}|[^\x07\x1b\x9c\n]*)(?:\x07|\x1b\\|\x9c)|\x1b[ -/]{0,8}[0-Z\\^-~]/g;

/** Whether there may be one: a cheap check for every line. */
export function mayHoldEscapes(text: string): boolean {
  return text.includes("\x1b") || text.includes("\x9b");
}

export function withoutEscapes(text: string): string {
  return mayHoldEscapes(text) ? text.replace(escapes, "") : text;
}

/** Places of a long text, or values, that are looked at in one step. */
const matchesPerStep = 8_192;
/** Characters that are cleaned in one step. */
const maxTextPerStep = 65_536;

/** The same in steps, for a text that may be long. */
export function* stepsWithoutEscapes(text: string): Generator<void, string> {
  if (text.length <= maxTextPerStep || !mayHoldEscapes(text)) return withoutEscapes(text);
  const pieces: string[] = [];
  let done = 0;
  let count = 0;
  // Not shared: another text may be cleaned between two steps.
  const begin = /[\x1b\x9b]/g;
  const sequence = new RegExp(escapes.source, "y");
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    if (++count % matchesPerStep === 0) yield;
    sequence.lastIndex = found.index;
    if (!sequence.test(text)) continue;
    pieces.push(text.slice(done, found.index));
    done = sequence.lastIndex;
    begin.lastIndex = done;
  }
  pieces.push(text.slice(done));
  return pieces.join("");
}

/** The data and text of an event without them. `data`: the text parsed, if it could be; it is changed in place. */
export function readable(
  text: string,
  data: Json | undefined,
): { readonly data: Json; readonly text: string } {
  const plain = withoutEscapes(text);
  if (data === undefined) return { data: plain, text: plain };
  const mayHold = plain !== text || /\\u00(?:1b|9b)/i.test(text);
  return { data: mayHold ? withoutEscapesInside(data) : data, text: plain };
}

/** The same in every text of a value. Changes the value in place. */
export function withoutEscapesInside(value: Json): Json {
  return runAtOnce(stepsWithoutEscapesInside(value));
}

/** The same in every text of a value, in steps. Changes the value in place. */
export function* stepsWithoutEscapesInside(value: Json): Generator<void, Json> {
  if (typeof value === "string") return yield* stepsWithoutEscapes(value);
  // Its own stack: a generator for each of many values takes long.
  const open: (Json[] | JsonObject)[] = isNested(value) ? [value] : [];
  let seen = 0;
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    const inside = holder as JsonObject;
    for (const key of Array.isArray(holder) ? holder.keys() : Object.keys(holder)) {
      const item = inside[key] as Json;
      if (isNested(item)) open.push(item);
      else if (typeof item === "string")
        inside[key] = item.length > maxTextPerStep ? yield* stepsWithoutEscapes(item) : withoutEscapes(item);
      if (++seen % matchesPerStep === 0) yield;
    }
  }
  return value;
}

function isNested(value: Json): value is Json[] | JsonObject {
  return typeof value === "object" && value !== null;
}
