// Maps each character of a scalar's value to its position in the file. The parser returns only the value and
// its range, so the source is read here a second time; when that reading differs from the parser's the answer
// is "unknown", never a guess.

import type { Scalar } from "yaml";

interface Reading {
  value: string;
  /** For each UTF-16 unit of the value, its offset in the source. */
  readonly at: number[];
}

/** Offset in the file of character `offset` of the scalar's value; undefined when unknown. */
export function offsetInFile(node: Scalar, offset: number, text: string): number | undefined {
  const range = node.range;
  if (!range || typeof node.value !== "string") return undefined;
  const source = text.slice(range[0], range[1]);
  const reading = readScalar(node, source);
  if (reading?.value !== node.value) return undefined;
  const inside = reading.at[offset];
  if (inside !== undefined) return range[0] + inside;
  // One past the end: errors such as "something is missing here" point there.
  return offset === reading.at.length && offset > 0 ? range[0] + reading.at[offset - 1]! + 1 : undefined;
}

function readScalar(node: Scalar, source: string): Reading | undefined {
  switch (node.type) {
    case "PLAIN":
      return readFlow(source, 0, source.length, "plain");
    case "QUOTE_SINGLE":
      return readFlow(source, 1, source.length - 1, "single");
    case "QUOTE_DOUBLE":
      return readFlow(source, 1, source.length - 1, "double");
    case "BLOCK_LITERAL":
    case "BLOCK_FOLDED":
      return readBlock(node.value as string, source, node.type === "BLOCK_FOLDED");
    default:
      return undefined;
  }
}

function append(reading: Reading, piece: string, at: number, step = 0): void {
  for (let index = 0; index < piece.length; index++) reading.at.push(at + index * step);
  reading.value += piece;
}

/**
 * Plain and quoted scalars: a line break with the surrounding blanks is a space, each further one a line
 * feed.
 */
function readFlow(source: string, start: number, end: number, quote: "plain" | "single" | "double"): Reading {
  const reading: Reading = { value: "", at: [] };
  let index = start;
  while (index < end) {
    const blanks = /[ \t]*(?:\r?\n[ \t]*)+/y;
    blanks.lastIndex = index;
    const fold = blanks.exec(source);
    if (fold !== null && index + fold[0].length <= end) {
      const breaks = fold[0].split("\n").length - 1;
      append(reading, breaks === 1 ? " " : "\n".repeat(breaks - 1), index);
      index += fold[0].length;
    } else if (quote === "single" && source.startsWith("''", index)) {
      append(reading, "'", index);
      index += 2;
    } else if (quote === "double" && source[index] === "\\") {
      index += readEscape(reading, source, index);
    } else {
      append(reading, source[index]!, index);
      index += 1;
    }
  }
  return reading;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  ...{ "0": "\0", a: "\x07", b: "\b", e: "\x1b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
  ...{
    N: "\u0085",
    _: "\u00a0",
    L: "\u2028",
    P: "\u2029",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "\t": "\t",
  },
};

/** Returns the length of the escape in the source. */
function readEscape(reading: Reading, source: string, index: number): number {
  const lineBreak = /\\\r?\n[ \t]*/y;
  lineBreak.lastIndex = index;
  const folded = lineBreak.exec(source);
  if (folded !== null) return folded[0].length;
  const next = source[index + 1] ?? "";
  const digits = { x: 2, u: 4, U: 8 }[next];
  if (digits === undefined) {
    append(reading, simpleEscapes[next] ?? "", index);
    return 2;
  }
  const point = Number.parseInt(source.slice(index + 2, index + 2 + digits), 16);
  append(reading, point <= 0x10ffff ? String.fromCodePoint(point) : "", index);
  return 2 + digits;
}

/**
 * Block scalars. Their indentation is known only from the surrounding lines; it is found by trying, and the
 * caller compares with the parser's value.
 */
function readBlock(value: string, source: string, folded: boolean): Reading | undefined {
  const firstBreak = source.indexOf("\n");
  if (firstBreak === -1) return undefined;
  const lines: { start: number; text: string }[] = [];
  for (let start = firstBreak + 1; start < source.length; ) {
    const end = source.indexOf("\n", start);
    const stop = end === -1 ? source.length : end;
    lines.push({ start, text: source.slice(start, stop).replace(/\r$/, "") });
    start = stop + 1;
  }
  const first = lines.find(({ text }) => text.trim() !== "")?.text ?? "";
  for (let indent = first.length - first.trimStart().length; indent >= 0; indent--) {
    const reading = folded ? foldBlock(lines, indent) : literalBlock(lines, indent);
    while (reading.value.length < value.length) append(reading, "\n", source.length - 1);
    reading.value = reading.value.slice(0, value.length);
    reading.at.length = value.length;
    if (reading.value === value) return reading;
  }
  return undefined;
}

type Line = { readonly start: number; readonly text: string };

function literalBlock(lines: readonly Line[], indent: number): Reading {
  const reading: Reading = { value: "", at: [] };
  for (const { start, text } of lines) {
    append(reading, text.slice(indent), start + indent, 1);
    append(reading, "\n", start + text.length);
  }
  return reading;
}

/** YAML 1.2.2, 8.1.3: a break between lines is a space, unless it is next to a blank line or a deeper one. */
function foldBlock(lines: readonly Line[], indent: number): Reading {
  const reading: Reading = { value: "", at: [] };
  let joint = "";
  let deeperBefore = false;
  for (const { start, text } of lines) {
    const content = text.slice(indent);
    const lineEnd = Math.max(0, start - 1);
    if (content === "") {
      if (joint === " ") joint = "\n";
      else append(reading, "\n", lineEnd);
      continue;
    }
    const deeper = /^[ \t]/.test(content);
    if (deeper && joint === " ") joint = "\n";
    else if (deeper && !deeperBefore && joint === "\n") joint = "\n\n";
    append(reading, joint, lineEnd);
    append(reading, content, start + indent, 1);
    joint = deeper ? "\n" : " ";
    deeperBefore = deeper;
  }
  append(reading, "\n", lines.at(-1)?.start ?? 0);
  return reading;
}
