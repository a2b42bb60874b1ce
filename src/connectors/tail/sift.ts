// Scans many lines at once for the few that contain what a channel needs. The others are only counted.

import type { TextNeed, TextNeeds } from "../../contract/emit-all.ts";
import type { Line } from "./container.ts";

/** Whole lines, each with its end, as one text: each byte of the file is one character. */
export type Sift = (text: string) => SiftedText;

export interface Span {
  readonly from: number;
  /** Of its line break. */
  readonly to: number;
}

export interface SiftedText {
  readonly held: readonly Span[];
  /** How many lines lack the required text; empty ones do not count. */
  readonly passed: number;
  /** The index of one of the texts. */
  passedSpan(index: number): Span;
}

export interface SiftedLines {
  readonly lines: Line[];
  readonly passed: number;
  passedLine(index: number): Line;
}

/** Whether they contain only ASCII. */
export function needsAscii(needs: TextNeeds): boolean {
  return needs.some((all) => all.some(({ folds }) => folds));
}

export function createSift(needs: TextNeeds, encoding: "utf-8" | "latin1"): Sift {
  const choices = needs.map((all) => all.map((need) => ({ ...need, texts: needlesOf(need, encoding) })));
  return (text) => {
    const folded = needsAscii(needs) ? text.toLowerCase() : text;
    const searches = choices.map((all) =>
      all.map(({ texts, folds }) => createSearch(folds ? folded : text, texts)),
    );
    const held: Span[] = [];
    let passed = 0;
    for (let from = 0, to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
      if (isHeld(searches, from, to)) held.push({ from, to });
      else if (!isEmpty(text, from, to)) passed += 1;
      from = to + 1;
    }

    let places: Span[] | undefined;
    return {
      held,
      passed,
      passedSpan(index) {
        places ??= passedSpans(text, held);
        return places[index] as Span;
      },
    };
  };
}

/** Finds any of some texts in another: called with increasing offsets only. */
interface Search {
  readonly text: string;
  readonly needles: readonly string[];
  readonly found: number[];
  nearest: number;
}

function createSearch(text: string, needles: readonly string[]): Search {
  return { text, needles, found: needles.map(() => -1), nearest: -1 };
}

function advance(search: Search, from: number): number {
  const { text, needles, found } = search;
  let nearest = Number.POSITIVE_INFINITY;
  for (let which = 0; which < needles.length; which++) {
    let at = found[which] as number;
    if (at < from) {
      at = text.indexOf(needles[which] as string, from);
      if (at < 0) at = Number.POSITIVE_INFINITY;
      found[which] = at;
    }
    if (at < nearest) nearest = at;
  }
  search.nearest = nearest;
  return nearest;
}

function isHeld(choices: readonly Search[][], from: number, to: number): boolean {
  for (const all of choices) if (hasAll(all, from, to)) return true;
  return false;
}

function hasAll(all: Search[], from: number, to: number): boolean {
  for (let which = 0; which < all.length; which++) {
    const search = all[which] as Search;
    const nearest = search.nearest < from ? advance(search, from) : search.nearest;
    if (nearest < to) continue;
    // The rare one is searched first from now on: until it occurs, the others need not be searched.
    if (which > 0) {
      all[which] = all[0] as Search;
      all[0] = search;
    }
    return false;
  }
  return true;
}

function passedSpans(text: string, held: readonly Span[]): Span[] {
  const places: Span[] = [];
  let skip = 0;
  for (let from = 0, to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
    if (held[skip]?.from === from) skip += 1;
    else if (!isEmpty(text, from, to)) places.push({ from, to });
    from = to + 1;
  }
  return places;
}

function isEmpty(text: string, from: number, to: number): boolean {
  return to === from || (to === from + 1 && text.charCodeAt(from) === 13);
}

/** Their bytes decoded as Latin-1; texts that cannot be encoded are left out. */
function needlesOf({ texts }: TextNeed, encoding: "utf-8" | "latin1"): string[] {
  if (encoding === "utf-8") return texts.map((text) => Buffer.from(text, "utf8").toString("latin1"));
  return texts.filter((text) => /^[\0-\xff]*$/.test(text));
}
