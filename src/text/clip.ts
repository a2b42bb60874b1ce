// Shortens texts: safe ones with a note about the cut, others by characters (code points), never in half of a surrogate
// pair. And counts with their noun.

import { type SafeLine, type SafeText, shownLine } from "../text.ts";

/** At most `maxLength` UTF-16 units; a cut text ends with "…". */
export function cut<T extends SafeText>(shown: T, maxLength: number): T {
  if (shown.length <= maxLength) return shown;
  // Half of a surrogate pair at the end is dropped too.
  return `${shown.slice(0, maxLength - 1).replace(/[\uD800-\uDBFF]$/, "")}…` as T;
}

/**
 * A text that a user decides about, as one line: invisible characters become U+FFFD, and a longer text is cut
 * in the middle, with the number of missing characters, so that its end is not hidden after a long beginning.
 */
export function shownEnds(raw: string, maxLength: number): SafeLine {
  if (raw.length <= maxLength) return inPieces(raw);
  const head = raw.slice(0, Math.ceil(maxLength * 0.6)).replace(/[\uD800-\uDBFF]$/, "");
  const tail = raw.slice(raw.length - Math.floor(maxLength * 0.4)).replace(/^[\uDC00-\uDFFF]/, "");
  return `${inPieces(head)} … ${raw.length - head.length - tail.length} more characters … ${inPieces(tail)}` as SafeLine;
}

/** One call of `shownLine` would cut it at its end. */
function inPieces(raw: string): SafeLine {
  const pieces = raw.match(/[\s\S]{1,2000}(?![\uDC00-\uDFFF])/g) ?? [];
  return pieces.map(shownLine).join("") as SafeLine;
}

/**
 * The same words in lines of at most `width` characters: broken at spaces, else within a word. A continuation starts
 * with the spaces and bars of its line and four more spaces, so that it is not mistaken for an entry of a list.
 */
export function wrapLines(shown: SafeText, width: number): SafeText {
  return shown
    .split("\n")
    .flatMap((line) => {
      const [start = ""] = /^[ │]*/.exec(line) ?? [];
      const next = `${start.slice(0, width / 2)}    `;
      const wrapped: string[] = [];
      let rest = line;
      while (rest.length > width) {
        const space = rest.lastIndexOf(" ", width);
        const isWord = space <= Math.max(next.length, start.length, width / 2);
        const end = isWord ? endOfCharacter(rest, width) : space;
        wrapped.push(rest.slice(0, end));
        rest = `${next}${rest.slice(isWord ? end : end + 1)}`;
      }
      return [...wrapped, rest];
    })
    .join("\n") as SafeText;
}

/** At or before `at`: not within a surrogate pair. */
function endOfCharacter(text: string, at: number): number {
  return /[\uDC00-\uDFFF]/.test(text[at] ?? "") ? at - 1 : at;
}

/** At most `maxBytes` bytes as UTF-8. */
export function cutBytes(shown: SafeText, maxBytes: number): SafeText {
  const bytes = Buffer.from(shown);
  if (bytes.length <= maxBytes) return shown;
  // Back to the first byte of a character: the others begin with the bits 10.
  let end = maxBytes - Buffer.byteLength("…");
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString("utf8", 0, end)}…` as SafeText;
}

/**
 * As many of the texts as fit into `maxLength` UTF-16 units, each on its line, then how many `things` were
 * left out.
 */
export function cutList(all: readonly SafeText[], maxLength: number, things: string): SafeText[] {
  const total = all.reduce((sum, one) => sum + one.length + 1, 0);
  if (total <= maxLength) return [...all];
  const kept: SafeText[] = [];
  let free = maxLength - things.length - 20;
  for (const one of all) {
    free -= one.length + 1;
    if (free < 0) break;
    kept.push(one);
  }
  return [...kept, `... ${all.length - kept.length} more ${things}` as SafeText];
}

/** The first characters. Scans only as far as necessary. */
export function firstCharacters(text: string, count: number): string {
  if (text.length <= count) return text;
  let end = 0;
  for (let taken = 0; taken < count && end < text.length; taken++) {
    end += (text.codePointAt(end) as number) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}

/** The last characters. */
export function lastCharacters(text: string, count: number): string {
  let start = text.length;
  for (let taken = 0; taken < count && start > 0; taken++) {
    start -= start > 1 && (text.codePointAt(start - 2) as number) > 0xffff ? 2 : 1;
  }
  return text.slice(start);
}

/** `1 event`, `3 events`. */
export function countOf(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** `3 shown, 1 read`; what is 0 or absent is left out. */
export function listCounts(counts: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(counts)
    .filter(([, count = 0]) => count > 0)
    .map(([what, count]) => `${count} ${what}`)
    .join(", ");
}
