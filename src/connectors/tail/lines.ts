// Splits the bytes of a file into lines, each with the offset where it ends. Whole chunks are decoded at once
// where possible; an unfinished line waits for its rest.

import { isAscii } from "node:buffer";
import type { TextNeeds } from "../../contract/emit-all.ts";
import type { Line } from "./container.ts";
import { createSift, needsAscii, type Sift, type SiftedLines, type Span } from "./sift.ts";

export type Encoding = "utf-8" | "latin1" | "utf-16le" | "utf-16be";

const newline = 10;
const carriageReturn = 13;

export class LineReader {
  readonly #encoding: Encoding;
  readonly #maxBytes: number;
  readonly unit: 1 | 2;
  readonly #decode: (bytes: Buffer, from: number, to: number) => string;
  /** For the unfinished line: as much as is kept, and how much was read in all. */
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #pendingBytes = 0;
  /** The offset of the next byte. */
  #at: number;
  #known: { readonly needs: TextNeeds; readonly sift: Sift } | undefined;

  /** `offset`: the offset of the first byte in the file. */
  constructor(encoding: Encoding, offset: number, maxBytes: number) {
    this.#encoding = encoding;
    this.#maxBytes = maxBytes;
    this.unit = unitOf(encoding);
    this.#decode = decoderOf(encoding);
    this.#at = offset;
  }

  /** Returns the unfinished line as it is, if any; the offset advances. */
  flush(): Line | undefined {
    return this.#pendingBytes === 0 ? undefined : this.#take(0);
  }

  /** Bytes of the unfinished line that have been read. */
  pending(): number {
    return this.#pendingBytes;
  }

  /** The bytes that follow the previous ones; the buffer is not kept. */
  push(written: Buffer): Line[] {
    const bytes = this.#encoding === "utf-16be" ? Buffer.from(written).swap16() : written;
    const lines: Line[] = [];
    let from = 0;
    if (this.#pendingBytes > 0) {
      const to = this.#indexOfBreak(bytes, 0);
      if (to < 0 || to + this.unit > bytes.length) {
        this.#keep(bytes);
        return lines;
      }
      this.#keep(bytes.subarray(0, to + this.unit));
      lines.push(this.#take(this.unit));
      from = to + this.unit;
    }
    const rest = bytes.subarray(from);
    if (this.unit === 1 && (this.#encoding === "latin1" || isAscii(rest))) {
      this.#pushSimple(rest, lines);
      return lines;
    }
    from = 0;
    for (
      let to = this.#indexOfBreak(rest, 0);
      to >= 0 && to + this.unit <= rest.length;
      to = this.#indexOfBreak(rest, from)
    ) {
      const bytesOfLine = rest.subarray(Math.min(this.#skipNuls(rest, from), to), to);
      this.#at += to - from + this.unit;
      lines.push(this.#lineOf(bytesOfLine, bytesOfLine.length, this.#at));
      from = to + this.unit;
    }
    if (from < rest.length) this.#keep(rest.subarray(from));
    return lines;
  }

  /**
   * As `push`, but most lines that lack the required text are only counted. Undefined: cannot be decided, and
   * nothing was consumed.
   */
  sift(bytes: Buffer, needs: TextNeeds): SiftedLines | undefined {
    if (
      this.#encoding === "utf-16le" ||
      this.#encoding === "utf-16be" ||
      (needsAscii(needs) && !isAscii(bytes))
    )
      return undefined;
    const first = this.#pendingBytes === 0 ? 0 : bytes.indexOf(newline) + 1;
    if (this.#pendingBytes > 0 && first === 0) return undefined;
    if (this.#known?.needs !== needs) this.#known = { needs, sift: createSift(needs, this.#encoding) };
    const lines = this.push(bytes.subarray(0, first));
    const until = bytes.lastIndexOf(newline) + 1;
    const text = bytes.toString("latin1", first, until);
    const begun = this.#at;
    this.#at += until - first;
    if (until < bytes.length) this.#keep(bytes.subarray(until));
    const isSimple = this.#encoding === "latin1" || isAscii(bytes.subarray(first, until));
    const lineAt = ({ from, to }: Span): Line => {
      if (isSimple) return { ...this.#simpleLine(text, from, to, begun), start: begun + from };
      const written = Buffer.from(text.slice(from, to), "latin1");
      const bytesOfLine = written.subarray(this.#skipNuls(written));
      return { ...this.#lineOf(bytesOfLine, bytesOfLine.length, begun + to + 1), start: begun + from };
    };
    const { held, passed, passedSpan } = this.#known.sift(text);
    for (const place of held) lines.push(lineAt(place));
    return { lines, passed, passedLine: (index) => lineAt(passedSpan(index)) };
  }

  /**
   * Skips NULs at the beginning of a line: a program leaves them when it keeps writing at its old offset
   * after copytruncate.
   */
  #skipNuls(bytes: Buffer, from: number = 0): number {
    let start = from;
    if (this.unit === 1) while (bytes[start] === 0) start++;
    else while (bytes[start] === 0 && bytes[start + 1] === 0) start += 2;
    return start;
  }

  #keep(written: Buffer): void {
    const skipped = this.#pendingBytes === 0 ? this.#skipNuls(written) : 0;
    const bytes = written.subarray(skipped);
    this.#pendingBytes += bytes.length;
    this.#at += written.length;
    // One unit more than is shown: a carriage return at the very end does not belong to the line.
    const part = bytes.subarray(0, Math.max(0, this.#maxBytes + this.unit - this.#keptBytes));
    if (part.length === 0) return;
    this.#kept.push(Buffer.from(part));
    this.#keptBytes += part.length;
  }

  #take(breakBytes: number): Line {
    const bytes = this.#kept.length === 1 ? (this.#kept[0] as Buffer) : Buffer.concat(this.#kept);
    const length = this.#pendingBytes - breakBytes;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#pendingBytes = 0;
    return this.#lineOf(bytes.subarray(0, Math.min(bytes.length, length)), length, this.#at);
  }

  #lineOf(bytes: Buffer, length: number, end: number): Line {
    const isWhole = bytes.length === length;
    const last = bytes.length - this.unit;
    const ends =
      isWhole && last >= 0 && bytes[last] === carriageReturn && (this.unit === 1 || bytes[last + 1] === 0);
    const whole = ends ? length - this.unit : length;
    if (whole <= this.#maxBytes) return { text: this.#decode(bytes, 0, whole), cut: 0, end };
    const text = this.#decode(bytes, 0, this.#maxBytes - (this.#maxBytes % this.unit)).replace(
      /\uFFFD+$/,
      "",
    );
    return { text, cut: whole - this.#maxBytes, end };
  }

  #indexOfBreak(bytes: Buffer, from: number): number {
    if (this.unit === 1) return bytes.indexOf(newline, from);
    for (let found = bytes.indexOf(newline, from); found >= 0; found = bytes.indexOf(newline, found + 1))
      if ((this.#pendingBytes + found - from) % 2 === 0 && bytes[found + 1] === 0) return found;
    return -1;
  }

  /** For a text in which every character is one byte, and which begins at this offset of the file. */
  #simpleLine(text: string, begins: number, to: number, begun: number): Line {
    let from = begins;
    while (text.charCodeAt(from) === 0) from++;
    const end = begun + to + 1;
    const last = to > from && text.charCodeAt(to - 1) === carriageReturn ? to - 1 : to;
    const length = last - from;
    return length <= this.#maxBytes
      ? { text: text.slice(from, last), cut: 0, end }
      : { text: text.slice(from, from + this.#maxBytes), cut: length - this.#maxBytes, end };
  }

  /** Every byte is one character: no counting needed. */
  #pushSimple(bytes: Buffer, lines: Line[]): void {
    const text = bytes.toString("latin1");
    let from = 0;
    for (let to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
      lines.push(this.#simpleLine(text, from, to, this.#at));
      from = to + 1;
    }
    this.#at += from;
    if (from < bytes.length) this.#keep(bytes.subarray(from));
  }
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

/** The encoding that the first bytes of a file indicate. */
export function byteOrderMark(head: Buffer): ByteOrderMark | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return { encoding: "utf-8", length: 3 };
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: "utf-16le", length: 2 };
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: "utf-16be", length: 2 };
  return undefined;
}
