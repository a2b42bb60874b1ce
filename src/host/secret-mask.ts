// Hides the secrets of a config in what is about to be shown, written or sent: the one function that the log, the commands,
// the tools and the events share. Knows texts, not places: whoever prints a part of a text masks before it cuts.

import type { Json } from "../contract.ts";
import { withoutHidden, withoutHiddenInLines } from "../text/hidden.ts";

/** The text with every secret replaced. */
export type Mask = (text: string) => string;

/** Shorter ones are hidden only where they are a whole word: they stand inside many others. */
const minLength = 8;
/** Still shorter ones would hide words of every text. */
const minWordLength = 4;
const shown = "•••";

/**
 * For secrets of 8 characters or more, as they are and as they stand inside JSON text; for those of 4 to 7 where they are a whole
 * word. A long one that was cut short is hidden, too, where "…" marks the cut. With none it does nothing.
 */
export function createMask(secrets: readonly string[]): Mask {
  const forms = [...new Set(secrets.flatMap(formsOf))]
    // A secret may be a part of another.
    .sort((a, b) => b.length - a.length);
  const hidden = forms.filter((secret) => secret.length >= minLength);
  const words = forms.filter(({ length }) => length >= minWordLength && length < minLength);
  if (hidden.length + words.length === 0) return (text) => text;
  const word = words.length === 0 ? undefined : wholeWords(words);
  return (text) => {
    let masked = text;
    for (const secret of hidden) {
      masked = masked.replaceAll(secret, shown);
      if (masked.includes("…")) masked = maskCut(masked, secret);
    }
    return word === undefined ? masked : masked.replace(word, shown);
  };
}

/** Where no letter, digit or underscore goes before or after. */
function wholeWords(words: readonly string[]): RegExp {
  const escaped = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${escaped.join("|")})(?![\\p{L}\\p{N}_])`, "gu");
}

/** As it is, inside JSON text, and what the exit for text makes of it: on one line, indented, quoted. */
function formsOf(secret: string): string[] {
  const inLines = withoutHiddenInLines(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    withoutHidden(secret),
    ...["\n", "\n  ", "\n> "].map((lineEnd) => inLines.replaceAll("\n", lineEnd)),
  ];
}

/** Every text in a value, keys too, with the secrets replaced. Absent values go, as they do in JSON. */
export function maskAll(value: unknown, mask: Mask): Json {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskAll(item, mask));
  if (typeof value !== "object" || value === null) return value as Json;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [mask(key), maskAll(item, mask)]),
  );
}

/** Replaces each beginning of the secret that "…" follows. */
function maskCut(text: string, secret: string): string {
  const beginning = secret.slice(0, minLength);
  let result = text;
  for (let at = result.indexOf(beginning); at !== -1; at = result.indexOf(beginning, at + 1)) {
    const end = result.indexOf("…", at);
    if (end === -1) break;
    if (secret.startsWith(result.slice(at, end))) result = result.slice(0, at) + shown + result.slice(end);
  }
  return result;
}

/** Says whether a text in a value holds one of the secrets, however short; in a short one's case, is one. */
export function secretFinder(secrets: readonly string[]): (value: Json | undefined) => boolean {
  const holds = (value: Json | undefined): boolean => {
    if (typeof value === "string")
      return secrets.some(
        (secret) => value === secret || (secret.length >= minLength && value.includes(secret)),
      );
    if (typeof value !== "object" || value === null) return false;
    return Object.values(value).some(holds);
  };
  return holds;
}
