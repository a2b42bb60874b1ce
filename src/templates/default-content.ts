// The content of an event when its channel has no `content`: a structured payload as indented JSON, anything
// else as text. A huge payload is thinned out before it is written, so that it is never serialised as a
// whole.

import type { Json, View } from "../contract.ts";
import { countOf } from "../text/clip.ts";

/** Payloads up to this length are written whole; the budget cuts their middle. */
const thinOutFrom = 16 * 1024;
const mostValues = 1_000;
const mostElements = 20;
const mostKeys = 60;
const mostCharacters = 400;
const mostLevels = 8;

export function defaultContent(view: Pick<View, "data" | "text">): string {
  const { data, text } = view;
  if (typeof data !== "object" || data === null) return text;
  return JSON.stringify(
    text.length <= thinOutFrom ? data : thinned(data, { values: mostValues }, 0),
    null,
    2,
  );
}

/** A copy that states how much of each part was left out. Visits at most `mostValues` values. */
function thinned(value: Json, left: { values: number }, level: number): Json {
  left.values -= 1;
  if (typeof value === "string") {
    if (value.length <= mostCharacters) return value;
    const kept = value
      .slice(0, mostCharacters)
      .toWellFormed()
      .replace(/\uFFFD$/, "");
    return `${kept}… ${more(value.length - kept.length, "character")}`;
  }
  if (typeof value !== "object" || value === null) return value;

  if (Array.isArray(value)) {
    if (level >= mostLevels) return `[… ${more(value.length, "element")}]`;
    const kept: Json[] = [];
    for (const element of value) {
      if (kept.length >= mostElements || left.values <= 0) break;
      kept.push(thinned(element, left, level + 1));
    }
    return kept.length < value.length ? [...kept, `… ${more(value.length - kept.length, "element")}`] : kept;
  }

  const keys = Object.keys(value);
  if (level >= mostLevels) return `{… ${more(keys.length, "key")}}`;
  const kept: [string, Json][] = [];
  for (const key of keys) {
    if (kept.length >= mostKeys || left.values <= 0) break;
    kept.push([key, thinned(value[key] as Json, left, level + 1)]);
  }
  if (kept.length < keys.length) kept.push(["…", more(keys.length - kept.length, "key")]);
  return Object.fromEntries(kept);
}

function more(count: number, word: string): string {
  return countOf(count, `more ${word}`);
}
