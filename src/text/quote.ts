// External text inside a tool's result: every line of it begins with "> ", so that nothing in it can pass for
// a line of the tool's own. Quoting must handle every line end that `neutralise` creates later.

import { line, marked, type SafeText } from "../text.ts";

const mark = line`> `;

/** Line ends of every kind as `\n`. Offsets into a long text refer to this form. */
export function unifyLineEnds(text: string): string {
  return text.replaceAll(/\r\n|[\r\v\f\x85\u2028\u2029]/g, "\n");
}

export function quote(text: string): SafeText {
  return marked(unifyLineEnds(text), mark);
}

/**
 * How much of `text` (line ends unified) from `offset` fits, quoted, into `room` UTF-16 units: at least one
 * character, and none is split.
 */
export function quotable(text: string, offset: number, room: number): number {
  let used = mark.length;
  let end = offset;
  while (end < text.length) {
    used += text[end] === "\n" ? 1 + mark.length : 1;
    if (used > room) break;
    end += 1;
  }
  if (end < text.length && isInsidePair(text, end)) end -= 1;
  return Math.min(text.length, Math.max(end, offset + 1));
}

function isInsidePair(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff;
}
