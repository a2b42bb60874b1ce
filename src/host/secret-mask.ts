// Hides the secrets of a config in anything that is about to be shown, written or sent: the one function that
// the log, the commands, the tools and the events share. Knows texts, not positions: code that prints a part
// of a text masks it before cutting.

import type { Json } from "../contract.ts";
import { withoutHidden, withoutHiddenInLines } from "../text/hidden.ts";

/** The text with every secret replaced. */
export type Mask = (text: string) => string;

/** Shorter secrets are hidden only as a whole word: they occur inside many other words. */
const minLength = 8;
/** Even shorter ones would hide words of every text. */
const minWordLength = 4;
const shown = "•••";

/**
 * Secrets of 8 characters or more are hidden as they are and as they appear inside JSON text; those of 4 to 7
 * as a whole word. A long one that was cut is hidden, too, where "…" marks the cut. Without secrets it does
 * nothing.
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

/** Without a letter, digit or underscore before or after. */
function wholeWords(words: readonly string[]): RegExp {
  const escaped = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${escaped.join("|")})(?![\\p{L}\\p{N}_])`, "gu");
}

/** As it is, inside JSON text, and as the text exits write it: on one line, indented, quoted. */
function formsOf(secret: string): string[] {
  const inLines = withoutHiddenInLines(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    withoutHidden(secret),
    ...["\n", "\n  ", "\n> "].map((lineEnd) => inLines.replaceAll("\n", lineEnd)),
  ];
}

/** Every text in a value, keys too, with the secrets replaced. Absent values are dropped, as in JSON. */
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

/** Replaces each prefix of the secret that "…" follows. */
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

/**
 * Whether a text in a value contains one of the secrets, however short; for a short one, whether it equals
 * it.
 */
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
