// What a text must contain for a test of it to pass, combined from the requirements of its parts. Undefined:
// unknown.

import type { TextNeed, TextNeeds } from "../contract/emit-all.ts";

/** The caller knows the paths of the text: `text`, or a path such as `data.line`. */
export type PathNeeds = (paths: ReadonlySet<string>) => TextNeeds | undefined;

/** Each additional text costs one more search. */
const maxTexts = 32;

/** For a test that passes only when the text contains one of these. */
export function needsOf(texts: readonly unknown[], folds: boolean): TextNeeds | undefined {
  const all = [...new Set(texts)];
  if (all.length === 0 || all.length > maxTexts) return undefined;
  if (!all.every((text) => typeof text === "string" && isWritten(text))) return undefined;
  const written = all as string[];
  if (!folds) return [[{ texts: written, folds }]];
  // Beyond ASCII letters, case can be folded in several ways.
  if (written.some((text) => /[^\0-\x7f]/.test(text))) return undefined;
  return [[{ texts: [...new Set(written.map((text) => text.toLowerCase()))], folds }]];
}

/** For a test that passes when any of its parts does. */
export function needsOfAny(parts: readonly (TextNeeds | undefined)[]): TextNeeds | undefined {
  const all: (readonly TextNeed[])[] = [];
  for (const part of parts) {
    if (part === undefined) return undefined;
    all.push(...part);
  }
  return isFew(all) ? all : undefined;
}

/** For a test that passes when all of its parts do. */
export function needsOfAll(parts: readonly (TextNeeds | undefined)[]): TextNeeds | undefined {
  let all: TextNeeds | undefined;
  for (const part of parts) {
    const both: TextNeeds | undefined =
      part === undefined || all === undefined
        ? (all ?? part)
        : all.flatMap((needs) => part.map((more) => [...needs, ...more]));
    // Omitting a part weakens the requirement: too many lines are examined, never too few.
    if (both !== undefined && isFew(both)) all = both;
  }
  return all;
}

/** Excludes characters that only decoding produces: the search also runs on bytes. */
function isWritten(text: string): boolean {
  return text !== "" && text.isWellFormed() && !text.includes("\uFFFD");
}

function isFew(needs: TextNeeds): boolean {
  const texts = needs.flatMap((list) => list.map((need) => need.texts.length));
  return texts.length > 0 && texts.reduce((sum, count) => sum + count, 0) <= maxTexts;
}
