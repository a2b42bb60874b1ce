// Cuts what was read of a file into lines, each with the place in the file where it ends. Whole chunks are decoded at once where
// that is possible; a line that is not finished waits for its rest.

import { isAscii } from "node:buffer";
import type { TextNeeds } from "../../contract/emit-all.ts";
import type { Origin } from "./container.ts";
import { createSift, needsAscii, type Place, type Sift, type SiftedLines } from "./sift.ts";

export type Encoding = "utf-8" | "latin1" | "utf-16le" | "utf-16be";

export interface Line {
  readonly text: string;
  /** Bytes of it that were left out, for it was too long. */
  readonly cut: number;
  /** Offset in the file just behind its line break. */
  readonly end: number;
  /** Where it begins, if that is not where the one before it ended. */
  readonly start?: number;
  /** What a container runtime says of it. */
  readonly origin?: Origin;
}

export interface LineReader {
  /** The bytes that follow those before; keeps none of them. */
  push(bytes: Buffer): Line[];
  /** As `push`, but of most lines that lack what is needed only the number is told. Undefined: nothing can be said, and nothing was done. */
  sift(bytes: Buffer, needs: TextNeeds): SiftedLines | undefined;
  /** The unfinished line as it is, if there is one; the offset goes on. */
  flush(): Line | undefined;
  /** Bytes of the unfinished line that have been read. */
  pending(): number;
  /** Bytes of one unit of the encoding; what is pushed is whole units. */
  readonly unit: 1 | 2;
}

const newline = 10;
const carriageReturn = 13;

/** `offset`: where in the file the first byte stands. */
export function createLineReader(encoding: Encoding, offset: number, maxBytes: number): LineReader {
  const unit = unitOf(encoding);
  const decode = decoderOf(encoding);
  /** Of the unfinished line: as much as is kept, and how much was read in all. */
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let pendingBytes = 0;
  /** Where the next byte stands. */
  let at = offset;
  let known: { readonly needs: TextNeeds; readonly sift: Sift } | undefined;

  /** Past the NULs at the beginning of a line: what a program leaves that writes on at its old offset after copytruncate. */
  function skipNuls(bytes: Buffer, from = 0): number {
    let start = from;
    while (unit === 1 && bytes[start] === 0) start++;
    return start;
  }

  function keep(written: Buffer): void {
    const skipped = pendingBytes === 0 ? skipNuls(written) : 0;
    const bytes = written.subarray(skipped);
    pendingBytes += bytes.length;
    at += written.length;
    // One unit more than is shown: a carriage return at the very end is no part of the line.
    const part = bytes.subarray(0, Math.max(0, maxBytes + unit - keptBytes));
    if (part.length === 0) return;
    kept.push(Buffer.from(part));
    keptBytes += part.length;
  }

  function take(breakBytes: number): Line {
    const bytes = kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept);
    const length = pendingBytes - breakBytes;
    kept = [];
    keptBytes = 0;
    pendingBytes = 0;
    return lineOf(bytes.subarray(0, Math.min(bytes.length, length)), length, at);
  }

  function lineOf(bytes: Buffer, length: number, end: number): Line {
    const isWhole = bytes.length === length;
    const last = bytes.length - unit;
    const ends =
      isWhole && last >= 0 && bytes[last] === carriageReturn && (unit === 1 || bytes[last + 1] === 0);
    const whole = ends ? length - unit : length;
    if (whole <= maxBytes) return { text: decode(bytes, 0, whole), cut: 0, end };
    const text = decode(bytes, 0, maxBytes - (maxBytes % unit)).replace(/\uFFFD+$/, "");
    return { text, cut: whole - maxBytes, end };
  }

  function indexOfBreak(bytes: Buffer, from: number): number {
    if (unit === 1) return bytes.indexOf(newline, from);
    for (let found = bytes.indexOf(newline, from); found >= 0; found = bytes.indexOf(newline, found + 1))
      if ((pendingBytes + found - from) % 2 === 0 && bytes[found + 1] === 0) return found;
    return -1;
  }

  /** Of a text whose every character is one byte, and which begins at this place in the file. */
  function simpleLine(text: string, begins: number, to: number, begun: number): Line {
    let from = begins;
    while (text.charCodeAt(from) === 0) from++;
    const end = begun + to + 1;
    const last = to > from && text.charCodeAt(to - 1) === carriageReturn ? to - 1 : to;
    const length = last - from;
    return length <= maxBytes
      ? { text: text.slice(from, last), cut: 0, end }
      : { text: text.slice(from, from + maxBytes), cut: length - maxBytes, end };
  }

  /** Every byte is one character: nothing has to be counted. */
  function pushSimple(bytes: Buffer, lines: Line[]): void {
    const text = bytes.toString("latin1");
    let from = 0;
    for (let to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
      lines.push(simpleLine(text, from, to, at));
      from = to + 1;
    }
    at += from;
    if (from < bytes.length) keep(bytes.subarray(from));
  }

  function push(written: Buffer): Line[] {
    const bytes = encoding === "utf-16be" ? Buffer.from(written).swap16() : written;
    const lines: Line[] = [];
    let from = 0;
    if (pendingBytes > 0) {
      const to = indexOfBreak(bytes, 0);
      if (to < 0 || to + unit > bytes.length) {
        keep(bytes);
        return lines;
      }
      keep(bytes.subarray(0, to + unit));
      lines.push(take(unit));
      from = to + unit;
    }
    const rest = bytes.subarray(from);
    if (unit === 1 && (encoding === "latin1" || isAscii(rest))) {
      pushSimple(rest, lines);
      return lines;
    }
    from = 0;
    for (let to = indexOfBreak(rest, 0); to >= 0 && to + unit <= rest.length; to = indexOfBreak(rest, from)) {
      const bytesOfLine = rest.subarray(Math.min(skipNuls(rest, from), to), to);
      at += to - from + unit;
      lines.push(lineOf(bytesOfLine, bytesOfLine.length, at));
      from = to + unit;
    }
    if (from < rest.length) keep(rest.subarray(from));
    return lines;
  }

  function sift(bytes: Buffer, needs: TextNeeds): SiftedLines | undefined {
    if (encoding === "utf-16le" || encoding === "utf-16be" || (needsAscii(needs) && !isAscii(bytes)))
      return undefined;
    const first = pendingBytes === 0 ? 0 : bytes.indexOf(newline) + 1;
    if (pendingBytes > 0 && first === 0) return undefined;
    if (known?.needs !== needs) known = { needs, sift: createSift(needs, encoding) };
    const lines = push(bytes.subarray(0, first));
    const until = bytes.lastIndexOf(newline) + 1;
    const text = bytes.toString("latin1", first, until);
    const begun = at;
    at += until - first;
    if (until < bytes.length) keep(bytes.subarray(until));
    const isSimple = encoding === "latin1" || isAscii(bytes.subarray(first, until));
    const lineAt = ({ from, to }: Place): Line => ({
      ...(isSimple
        ? simpleLine(text, from, to, begun)
        : lineOf(Buffer.from(text.slice(from, to), "latin1"), to - from, begun + to + 1)),
      start: begun + from,
    });
    const { held, passed, passedPlace } = known.sift(text);
    for (const place of held) lines.push(lineAt(place));
    return { lines, passed, passedLine: (index) => lineAt(passedPlace(index)) };
  }

  return {
    push,
    sift,
    flush: () => (pendingBytes === 0 ? undefined : take(0)),
    pending: () => pendingBytes,
    unit,
  };
}

/** Bytes that belong together. */
export function unitOf(encoding: Encoding): 1 | 2 {
  return encoding === "utf-16le" || encoding === "utf-16be" ? 2 : 1;
}

function decoderOf(encoding: Encoding): (bytes: Buffer, from: number, to: number) => string {
  switch (encoding) {
    case "latin1":
      return (bytes, from, to) => bytes.toString("latin1", from, to);
    case "utf-8":
      return (bytes, from, to) => bytes.toString("utf8", from, to);
    case "utf-16le":
    case "utf-16be":
      return (bytes, from, to) => bytes.toString("utf16le", from, to).toWellFormed();
  }
}

export interface ByteOrderMark {
  readonly encoding: Encoding;
  readonly length: number;
}

/** What the first bytes of a file say of its encoding. */
export function byteOrderMark(head: Buffer): ByteOrderMark | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: "utf-8", length: 3 };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: "utf-16le", length: 2 };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: "utf-16be", length: 2 };
  return undefined;
}
