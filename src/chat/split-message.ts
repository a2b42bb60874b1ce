// Splits a message into parts by a platform's limit: between paragraphs, else between lines, else between
// words, else within a word, but never within a character. A mark that a cut goes through (bold, a block of
// code) ends in one part and begins again in the next.

import { ConnectorError } from "../errors.ts";
import { isVisible } from "../text/hidden.ts";
import type { InlineStyle, Run } from "./markdown.ts";
import { parseMarkdown } from "./markdown.ts";
import { type Markup, plain, writeMarkup } from "./markup.ts";

export interface PartLimit {
  /** Maximum of one message. */
  readonly max: number;
  /** The unit. `characters` are UTF-16 units, as in JavaScript. */
  readonly unit: "characters" | "bytes";
  /** Telegram counts the text without its markup, most others everything that is sent. */
  readonly counts: "text" | "markup";
}

export interface Part {
  /** In the platform's markup. */
  readonly markup: string;
  /** The same without markup: for when the platform rejects the markup. */
  readonly plain: string;
}

/** At least one part; an empty one for an empty text. */
export function splitMessage(text: string, markup: Markup, limit: PartLimit): Part[] {
  const rest = restOf(withShortLinks(parseMarkdown(text), limit.max / 4));
  const parts: Part[] = [];
  for (;;) {
    const part = nextPart(rest, limit.max, (runs) => fits(runs, markup, limit));
    if (part === undefined) return parts.length > 0 ? parts : [{ markup: "", plain: "" }];
    if (part.length > 0) parts.push({ markup: writeMarkup(part, markup), plain: writeMarkup(part, plain) });
  }
}

/**
 * Throws a ConnectorError for a text without visible content: platforms reject it, or show an empty message.
 */
export function demandText(parts: readonly Pick<Part, "plain">[]): void {
  if (parts.some(({ plain }) => isVisible(plain))) return;
  throw new ConnectorError("E_TOOL_INPUT", "nothing to send: the text is empty, or nothing of it is shown", {
    hint: "write words: comments and marks alone are not shown",
  });
}

/** Plain text, split the same way. */
export function splitText(text: string, { max, unit }: Pick<PartLimit, "max" | "unit">): string[] {
  const sized = (one: string) => (unit === "bytes" ? Buffer.byteLength(one) : one.length) <= max;
  const rest = restOf([{ text, marks: [] }]);
  const parts: string[] = [];
  for (;;) {
    const part = nextPart(rest, max, (runs) => sized(textOf(runs)));
    if (part === undefined) return parts.length > 0 ? parts : [""];
    const written = textOf(part);
    if (written !== "") parts.push(written);
  }
}

/**
 * The text that is not yet in a part. It is traversed and never copied, so that a long message takes time
 * proportional to its length.
 */
interface Rest {
  readonly runs: readonly Run[];
  /** The first remaining run, and how much of it was consumed. */
  index: number;
  offset: number;
}

/** A cut looks this far beyond the limit for the end of a character or a gap. */
const lookAhead = 128;

function restOf(runs: readonly Run[]): Rest {
  return { runs, index: 0, offset: 0 };
}

/** Undefined when nothing is left. No part has more than `max` characters of text, whatever the unit. */
function nextPart(
  rest: Rest,
  max: number,
  isShort: (runs: readonly Run[]) => boolean,
): readonly Run[] | undefined {
  skipBlank(rest);
  if (rest.index === rest.runs.length) return undefined;
  const near = head(rest, max + lookAhead);
  const isLast = textOf(near).length < max + lookAhead;
  const cut = cutAt(near, isLast, isShort);
  skip(rest, cut);
  return withoutEnd(before(near, cut));
}

/** Its first characters, up to this many. */
function head({ runs, index, offset }: Rest, length: number): Run[] {
  const taken: Run[] = [];
  let left = length;
  for (let at = index; at < runs.length && left > 0; at++) {
    const { text, marks } = runs[at] as Run;
    const from = at === index ? offset : 0;
    taken.push({ text: text.slice(from, from + left), marks });
    left -= text.length - from;
  }
  return taken;
}

function skip(rest: Rest, length: number): void {
  rest.offset += length;
  for (;;) {
    const run = rest.runs[rest.index];
    if (run === undefined || rest.offset < run.text.length) return;
    rest.offset -= run.text.length;
    rest.index += 1;
  }
}

/** Removes leading empty lines and spaces; the indentation of a first line of code stays. */
function skipBlank(rest: Rest): void {
  for (;;) {
    const run = rest.runs[rest.index];
    if (run === undefined) return;
    const isCode = run.marks.some(({ kind }) => kind === "pre" || kind === "code");
    const blank = isCode ? /\n/y : /\s+/y;
    blank.lastIndex = rest.offset;
    const length = blank.exec(run.text)?.[0].length ?? 0;
    const isAll = rest.offset + length === run.text.length;
    skip(rest, length);
    if (!isAll || length === 0) return;
  }
}

/** An address that leaves no space for text becomes text itself, which can be split. */
function withShortLinks(runs: readonly Run[], max: number): Run[] {
  return runs.map((run) => {
    const long = run.marks.find((mark) => mark.kind === "link" && Buffer.byteLength(mark.href) > max);
    if (long?.kind !== "link") return run;
    return {
      text: long.bare ? run.text : `${run.text} (${long.href})`,
      marks: run.marks.filter((mark) => mark !== long),
    };
  });
}

function fits(runs: readonly Run[], markup: Markup, { max, unit, counts }: PartLimit): boolean {
  const size = (text: string) => (unit === "bytes" ? Buffer.byteLength(text) : text.length);
  const written = counts === "text" ? textOf(runs) : writeMarkup(runs, markup);
  return size(written) <= max && size(writeMarkup(runs, plain)) <= max;
}

/**
 * End of the first part: as much as fits, at the best boundary in its second half. At least one character.
 * `isLast`: nothing follows these runs.
 */
function cutAt(runs: readonly Run[], isLast: boolean, isShort: (runs: readonly Run[]) => boolean): number {
  const text = textOf(runs);
  if (isLast && isShort(runs)) return text.length;
  let [low, high] = [1, text.length - 1];
  // Doubles the length first: a message of a hundred parts is not rendered as a whole a hundred times.
  for (let reach = 256; reach < high; reach *= 2) {
    if (!isShort(before(runs, reach))) high = reach;
    else low = reach;
  }
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isShort(before(runs, middle))) low = middle;
    else high = middle - 1;
  }
  return bestBreak(runs, text, low);
}

function bestBreak(runs: readonly Run[], text: string, furthest: number): number {
  const half = Math.floor(furthest / 2);
  const isInCode = marksAt(runs, furthest).some(({ kind }) => kind === "pre");
  for (const gap of isInCode ? ["\n"] : ["\n\n", "\n", " "]) {
    // The gap itself may come just after.
    const at = text.lastIndexOf(gap, furthest);
    if (at > half) return at;
  }
  return wholeCharacter(text, furthest);
}

/** The last grapheme boundary at or before the offset; the offset when none is near. */
function wholeCharacter(text: string, offset: number): number {
  const from = Math.max(0, offset - 64);
  const around = text.slice(from, offset + 64);
  let best = 0;
  for (const { index } of new Intl.Segmenter().segment(around)) {
    if (from + index > offset) break;
    // The slice itself may begin within a character.
    if (index > 0) best = from + index;
  }
  if (best > 0) return best;
  const isPair = /[\uDC00-\uDFFF]/.test(text[offset] ?? "") && /[\uD800-\uDBFF]/.test(text[offset - 1] ?? "");
  return isPair && offset > 1 ? offset - 1 : offset;
}

function marksAt(runs: readonly Run[], offset: number): readonly InlineStyle[] {
  let end = 0;
  for (const { text, marks } of runs) {
    end += text.length;
    if (offset < end) return marks;
  }
  return [];
}

function before(runs: readonly Run[], offset: number): Run[] {
  const taken: Run[] = [];
  let left = offset;
  for (const { text, marks } of runs) {
    if (left <= 0) break;
    taken.push({ text: text.slice(0, left), marks });
    left -= text.length;
  }
  return taken;
}

function withoutEnd(runs: readonly Run[]): Run[] {
  const left = [...runs];
  for (let last = left.at(-1); last !== undefined; last = left.at(-1)) {
    const rest = last.text.trimEnd();
    if (rest === last.text) break;
    left.pop();
    if (rest === "") continue;
    left.push({ text: rest, marks: last.marks });
    break;
  }
  return left;
}

function textOf(runs: readonly Run[]): string {
  return runs.map(({ text }) => text).join("");
}
