// Bytes to whole lines, as bytes: a proxy does not need text. Bytes without a line feed at the end are never
// handed out, so a half line of a peer that died is dropped. A line that is too long is dropped to its end.

import { createByteBuffer } from "../byte-buffer.ts";

const lineFeed = 0x0a;

export interface LineSplitter {
  /** Calls `onLine` for each line that this chunk completes, without its line feed. */
  push(chunk: Buffer): void;
}

export function createLineSplitter(options: {
  readonly maxBytes: number;
  onLine(line: Buffer): void;
  /** Called once for each dropped line, as soon as it is too long. */
  onTooLong(): void;
}): LineSplitter {
  const partial = createByteBuffer({ maxBytes: options.maxBytes });
  let dropping = false;

  function keep(piece: Buffer): void {
    if (dropping) return;
    if (partial.append(piece) === "kept") return;
    dropping = true;
    partial.take();
    options.onTooLong();
  }

  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
        const piece = chunk.subarray(start, end);
        start = end + 1;
        // A line within one chunk is handed on without a copy.
        const isAlone = !dropping && partial.length === 0 && piece.length <= options.maxBytes;
        if (!isAlone) keep(piece);
        const line = isAlone ? piece : partial.take();
        const isWhole = !dropping;
        dropping = false;
        if (isWhole) options.onLine(line);
      }
      if (start < chunk.length) keep(chunk.subarray(start));
    },
  };
}
