// What a text must hold for a test of it to pass, put together from what the parts of the test need. Undefined: nothing can be said.

import type { TextNeed, TextNeeds } from "../contract/emit-all.ts";

/** What leads to a text is known to whoever asks: `text`, or a path such as `data.line`. */
export type NeedsAt = (paths: ReadonlySet<string>) => TextNeeds | undefined;

/** Each text more is one more search. */
const maxTexts = 32;

/** Of a test that passes on a text only when one of these is in it. */
export function needsOf(texts: readonly unknown[], folds: boolean): TextNeeds | undefined {
  const all = [...new Set(texts)];
  if (all.length === 0 || all.length > maxTexts) return undefined;
  if (!all.every((text) => typeof text === "string" && isWritten(text))) return undefined;
  const written = all as string[];
  if (!folds) return [[{ texts: written, folds }]];
  // In other letters than ASCII's, case is folded in more ways than one.
  if (written.some((text) => /[^\0-\x7f]/.test(text))) return undefined;
  return [[{ texts: [...new Set(written.map((text) => text.toLowerCase()))], folds }]];
}

/** Of a test that passes when any of its parts does. */
export function needsOfAny(parts: readonly (TextNeeds | undefined)[]): TextNeeds | undefined {
  const all: (readonly TextNeed[])[] = [];
  for (const part of parts) {
    if (part === undefined) return undefined;
    all.push(...part);
  }
  return isFew(all) ? all : undefined;
}

/** Of a test that passes when all of its parts do. */
export function needsOfAll(parts: readonly (TextNeeds | undefined)[]): TextNeeds | undefined {
  let all: TextNeeds | undefined;
  for (const part of parts) {
    const both: TextNeeds | undefined =
      part === undefined || all === undefined
        ? (all ?? part)
        : all.flatMap((needs) => part.map((more) => [...needs, ...more]));
    // A part that is left out asks for less: too many lines are looked at, never too few.
    if (both !== undefined && isFew(both)) all = both;
  }
  return all;
}

/** Not what only decoding brings into a text: it is looked for in bytes too. */
function isWritten(text: string): boolean {
  return text !== "" && text.isWellFormed() && !text.includes("\uFFFD");
}

function isFew(needs: TextNeeds): boolean {
  const texts = needs.flatMap((list) => list.map((need) => need.texts.length));
  return texts.length > 0 && texts.reduce((sum, count) => sum + count, 0) <= maxTexts;
}
