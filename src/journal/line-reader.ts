// Reads a file of lines in large pieces: every whole line, every broken one, and where a torn end begins. The
// caller sets broken bytes aside; the content of a file never makes it throw.

import { openRegular } from "../regular-file.ts";
import { isWhole, lineStart } from "./line-format.ts";

const maxPieceBytes = 4 * 1024 * 1024;
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
  { from = 0, to = Number.POSITIVE_INFINITY, pieceBytes = maxPieceBytes } = {},
): Promise<number> {
  return pieces(path, { from, to, pieceBytes }, (piece, offset) => {
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
  await pieces(path, { from: 0, to, pieceBytes: maxPieceBytes }, (piece, offset) => {
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
 * Reads the file piece by piece, each valid only during the call; `take` returns how many bytes it used, and
 * the rest is passed again with more behind it.
 */
async function pieces(
  path: string,
  { from, to, pieceBytes }: { readonly from: number; readonly to: number; readonly pieceBytes: number },
  take: (piece: Buffer, offset: number) => number,
): Promise<number> {
  const file = await openRegular(path);
  try {
    // One buffer for all pieces, because a new one for each piece causes many garbage collections.
    let buffer = Buffer.allocUnsafe(Math.max(0, Math.min(pieceBytes, to - from)));
    let offset = from;
    let held = 0;
    for (;;) {
      if (held === buffer.length) buffer = Buffer.concat([buffer], Math.max(1, held) * 2);
      const readAt = offset + held;
      const wanted = Math.min(buffer.length - held, to - readAt);
      const { bytesRead } = wanted > 0 ? await file.read(buffer, held, wanted, readAt) : { bytesRead: 0 };
      if (bytesRead === 0) return offset;
      const piece = buffer.subarray(0, held + bytesRead);
      const used = take(piece, offset);
      offset += used;
      held = piece.length - used;
      piece.copyWithin(0, used);
    }
  } finally {
    await file.close();
  }
}

/**
 * The last line of a file that has a line feed, without it; undefined when it is broken or missing. Rejects as
 * `readLines` does. `tailBytes`: how much of the file's end is searched first.
 */
export async function readLastLine(path: string, tailBytes = 64 * 1024): Promise<Buffer | undefined> {
  const file = await openRegular(path);
  try {
    const { size } = await file.stat();
    for (let length = Math.min(size, tailBytes); ; length = Math.min(size, length * 8)) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, size - length);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(lineFeed);
      if (end > 0) {
        const start = buffer.lastIndexOf(lineFeed, end - 1) + 1;
        const bytes = buffer.subarray(start, end);
        if (start > 0 || length === size) return isWhole(bytes) ? bytes : undefined;
      }
      if (length === size) return undefined;
    }
  } finally {
    await file.close();
  }
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
