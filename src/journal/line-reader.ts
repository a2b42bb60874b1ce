// Reads a file of lines in large pieces: every whole line, every broken one, and where a torn end begins. The
// caller sets broken bytes aside; the content of a file never makes it throw.

import type { FileHandle } from "node:fs/promises";
import { openRegular } from "../regular-file.ts";
import { isWhole, lineStart } from "./line-format.ts";

const pieceBytes = 4 * 1024 * 1024;
const lineFeed = 10;
/**
 * Payloads can contain what looks like the start of a line; each try costs a pass over the rest of the line.
 */
const maxSalvageTries = 16;

export interface LineVisitor {
  /** `bytes` has no line feed and is valid only until the visitor returns. */
  line(bytes: Buffer, offset: number): void;
  broken?(bytes: Buffer, offset: number): void;
}

/**
 * Visits the lines between `from` and `to` (absent: the file's end). Settles with the offset after the last
 * line feed: what follows is a torn line. Rejects when the file is unreadable.
 */
export async function readLines(
  path: string,
  visitor: LineVisitor,
  { from = 0, to = Number.POSITIVE_INFINITY } = {},
): Promise<number> {
  return pieces(path, from, to, (piece, offset) => {
    let start = 0;
    for (let end = piece.indexOf(lineFeed); end !== -1; end = piece.indexOf(lineFeed, start)) {
      visit(piece.subarray(start, end), offset + start, visitor);
      start = end + 1;
    }
    return start;
  });
}

/** The same, but only for whole lines that contain `needle`; much faster than decoding each. */
export async function findLines(
  path: string,
  needle: string,
  found: (bytes: Buffer, offset: number) => void,
  to = Number.POSITIVE_INFINITY,
): Promise<void> {
  await pieces(path, 0, to, (piece, offset) => {
    const end = piece.lastIndexOf(lineFeed) + 1;
    const whole = piece.subarray(0, end);
    let hit = whole.indexOf(needle);
    while (hit !== -1) {
      const lineBegin = hit === 0 ? 0 : whole.lastIndexOf(lineFeed, hit) + 1;
      const lineEnd = whole.indexOf(lineFeed, hit);
      const bytes = whole.subarray(lineBegin, lineEnd);
      if (isWhole(bytes)) found(bytes, offset + lineBegin);
      hit = whole.indexOf(needle, lineEnd);
    }
    return end;
  });
}

/**
 * Reads the file piece by piece; `take` returns how many bytes it used, and the rest is passed again with
 * more behind it.
 */
async function pieces(
  path: string,
  from: number,
  to: number,
  take: (piece: Buffer, offset: number) => number,
): Promise<number> {
  const file = await openRegular(path);
  try {
    let offset = from;
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const readAt = offset + rest.length;
      const wanted = Math.min(Math.max(pieceBytes, rest.length), to - readAt);
      const more = wanted > 0 ? await readAtMost(file, wanted, readAt) : Buffer.alloc(0);
      if (more.length === 0) return offset;
      const piece = rest.length === 0 ? more : Buffer.concat([rest, more]);
      const used = take(piece, offset);
      offset += used;
      rest = piece.subarray(used);
    }
  } finally {
    await file.close();
  }
}

async function readAtMost(file: FileHandle, length: number, position: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function visit(bytes: Buffer, offset: number, visitor: LineVisitor): void {
  if (isWhole(bytes)) {
    visitor.line(bytes, offset);
    return;
  }
  // A lost line feed joins a good line to the broken one before it: a line that is whole from a later start
  // is recovered.
  let tries = 0;
  let at = bytes.indexOf(lineStart, 1);
  for (; at !== -1 && tries < maxSalvageTries; at = bytes.indexOf(lineStart, at + 1)) {
    tries += 1;
    const tail = bytes.subarray(at);
    if (!isWhole(tail)) continue;
    visitor.broken?.(bytes.subarray(0, at), offset);
    visitor.line(tail, offset + at);
    return;
  }
  visitor.broken?.(bytes, offset);
}
