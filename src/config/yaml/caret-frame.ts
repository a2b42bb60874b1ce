// An issue as lines for display: the location, the message, the source lines with a caret, the hint. Secrets
// in the file are masked, and control characters are neutralised for the terminal.

import { isAbsolute, relative } from "node:path";
import type { Issue } from "../../contract.ts";
import { cut } from "../../text/clip.ts";
import { line, lines, type SafeLine, type SafeText, shownLine } from "../../text.ts";
import { type Mask, maskLine } from "../variables/mask.ts";

const linesAbove = 2;
const maxWidth = 110;
/** How much of a long line is shown before the caret. */
const beforeCaret = 70;
/** The part of a line that is examined, on both sides of the caret, before it is cut for display. */
const lookedAt = 2_000;
/** Limit for a message, a hint, a path: with them and the lines a frame fits on a screen. */
const maxWords = 600;
const maxLocation = 300;

/** A file whose lines can be shown. */
export interface FrameSource {
  readonly file: string;
  readonly lines: readonly string[];
  readonly lineStarts: readonly number[];
  readonly masks: readonly Mask[];
  /** The YAML is broken, so `masks` cannot be complete: keys that sound secret are masked as well. */
  readonly broken: boolean;
}

/**
 * An issue of a file that is not among `sources` has no source lines. Files below `cwd` are shown relative to
 * it.
 */
export function frameIssue(issue: Issue, sources: readonly FrameSource[], cwd: string): SafeText {
  const nameOf = (location: Location) => {
    const path = location.path === "" ? "" : ` ${location.path}`;
    const at = `:${location.line}:${location.column}`;
    return line`${cut(shownLine(shortPath(location.file, cwd)), maxLocation)}${at}${cut(shownLine(path), maxLocation)}`;
  };
  const kind = issue.code.startsWith("W_") ? "warning: " : "";
  const out = [
    line`${nameOf(issue)}: ${kind}${cut(shownLine(issue.message), maxWords)} (${issue.code})`,
    ...sourceLines(issue, linesAbove, sources),
  ];
  if (issue.hint !== undefined) out.push(line`  hint: ${cut(shownLine(issue.hint), maxWords)}`);
  if (issue.cause !== undefined)
    out.push(line`  because of ${nameOf(issue.cause)}`, ...sourceLines(issue.cause, 0, sources));
  return lines(out);
}

type Location = NonNullable<Issue["cause"]>;

/** The line of a location with a caret under it, and lines before it. */
function sourceLines(location: Location, above: number, sources: readonly FrameSource[]): SafeLine[] {
  const source = sources.find(({ file }) => file === location.file);
  const isEmpty = source?.lines.length === 1 && source.lines[0] === "";
  if (source === undefined || isEmpty || location.line > source.lines.length) return [];
  const digits = String(location.line).length;
  const gutter = (number: string) => `  ${number.padStart(digits)} |`;
  const out: SafeLine[] = [];
  for (let number = Math.max(1, location.line - above); number < location.line; number++) {
    out.push(line`${`${gutter(String(number))} ${windowed(...lineOf(number, 0, source)).text}`.trimEnd()}`);
  }
  const shown = windowed(...lineOf(location.line, location.column - 1, source));
  out.push(line`${`${gutter(String(location.line))} ${shown.text}`.trimEnd()}`);
  out.push(line`${gutter("")} ${" ".repeat(shown.caret)}^`);
  return out;
}

/** The masked line near the caret, and the new position of the caret's character. */
function lineOf(number: number, caret: number, source: FrameSource): [string, number] {
  const whole = source.lines[number - 1] ?? "";
  const from = Math.max(0, caret - lookedAt);
  // In broken YAML a secret is recognised by the key before it, and here that would be cut off.
  if (source.broken && whole.length > 2 * lookedAt) return ["…", 0];
  return maskLine(
    whole.slice(from, caret + lookedAt),
    (source.lineStarts[number - 1] ?? 0) + from,
    caret - from,
    source.masks,
    source.broken,
  );
}

/** Cuts a long line around the caret; tabs become spaces. `caret` of the result counts terminal columns. */
function windowed(line: string, caret: number): { readonly text: string; readonly caret: number } {
  const from = line.length <= maxWidth || caret <= beforeCaret ? 0 : characterAt(line, caret - beforeCaret);
  const to = characterAt(line, from + maxWidth);
  const cutLeft = from > 0 ? "…" : "";
  const cutRight = line.length > to ? "…" : "";
  const part = line.slice(from, to);
  const before = expanded(part.slice(0, caret - from));
  return {
    text: `${cutLeft}${before.text}${expanded(part.slice(caret - from), before.width).text}${cutRight}`,
    caret: cutLeft.length + before.width,
  };
}

/** Longer than any character of several code points that is in use. */
const longestCharacter = 64;

/** Where the character begins that contains this place: an emoji may be several code points. */
function characterAt(line: string, at: number): number {
  if (at <= 0 || at >= line.length) return Math.min(Math.max(at, 0), line.length);
  const start = Math.max(0, at - longestCharacter);
  const near = line.slice(start, at + longestCharacter);
  const found = new Intl.Segmenter("en").segment(near).containing(at - start);
  return start + (found?.index ?? at - start);
}

function expanded(raw: string, startWidth = 0): { readonly text: string; readonly width: number } {
  let width = startWidth;
  let result = "";
  for (const [index, part] of raw.split("\t").entries()) {
    const shown = `${index === 0 ? "" : " ".repeat(4 - (width % 4))}${shownLine(part)}`;
    result += shown;
    for (const character of shown) width += columnsOf(character);
  }
  return { text: result, width };
}

/** Combining marks take no terminal column; East Asian wide characters and emoji take two. */
function columnsOf(character: string): number {
  if (/^(?:\p{Mn}|\p{Me}|[\u200b\u200c\u200d]|\ufeff)$/u.test(character)) return 0;
  const wide =
    /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u;
  return wide.test(character) ? 2 : 1;
}

function shortPath(file: string, cwd: string): string {
  const short = relative(cwd, file);
  return short === "" || short.startsWith("..") || isAbsolute(short) ? file : short;
}
