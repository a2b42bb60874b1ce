// Lines of a stream as they arrive, bounded: the beginning of an overlong line is kept and the rest is
// skipped.

import { StringDecoder } from "node:string_decoder";
import { createByteBuffer } from "../../byte-buffer.ts";

export interface LineSplitter {
  /** The lines that are complete now, without their ends. */
  push(piece: Uint8Array): string[];
  /** The last line, when it had no end. */
  end(): string[];
}

/** `maxBytes` of each line are kept; a truncated line ends with "…". */
export function createLineSplitter(maxBytes: number): LineSplitter {
  const decoder = new StringDecoder("utf8");
  const line = createByteBuffer({ maxBytes });
  let length = 0;

  function take(): string {
    return line.read(textOf);
  }

  function textOf(kept: Buffer): string {
    const isCut = length > maxBytes;
    length = 0;
    // Half a character at the cut is dropped.
    const text = isCut ? decoder.write(kept) : kept.toString("utf8");
    if (isCut) decoder.end();
    return isCut ? `${text}…` : text.replace(/\r$/, "");
  }

  function keep(piece: Uint8Array): void {
    line.append(piece.subarray(0, maxBytes - line.length));
    length += piece.byteLength;
  }

  return {
    push(piece) {
      const lines: string[] = [];
      let from = 0;
      for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, from)) {
        // A program can write very many empty lines.
        if (at === from && length === 0) lines.push("");
        else {
          keep(piece.subarray(from, at));
          lines.push(take());
        }
        from = at + 1;
      }
      if (from < piece.byteLength) keep(piece.subarray(from));
      return lines;
    },
    end: () => (length === 0 ? [] : [take()]),
  };
}
