// Bytes to whole lines, as bytes: a relay has no use for text. What is not ended by a line feed is never handed out, so a
// half line of a peer that died is dropped. A line that is too long is dropped to its end.

const lineFeed = 0x0a;

export interface LineSplitter {
  /** Calls `onLine` for each line that this chunk completes, without its line feed. */
  push(chunk: Buffer): void;
}

export function createLineSplitter(options: {
  readonly maxBytes: number;
  onLine(line: Buffer): void;
  /** Once for each dropped line, as soon as it is too long. */
  onTooLong(): void;
}): LineSplitter {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let dropping = false;

  function keep(piece: Buffer): void {
    if (dropping) return;
    bytes += piece.length;
    if (bytes > options.maxBytes) {
      dropping = true;
      pieces = [];
      options.onTooLong();
    } else if (piece.length > 0) {
      pieces.push(piece);
      // Tiny chunks would cost far more than their bytes.
      if (pieces.length > 1024) pieces = [Buffer.concat(pieces)];
    }
  }

  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
        keep(chunk.subarray(start, end));
        start = end + 1;
        const line = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
        const isWhole = !dropping;
        pieces = [];
        bytes = 0;
        dropping = false;
        if (isWhole) options.onLine(line);
      }
      if (start < chunk.length) keep(chunk.subarray(start));
    },
  };
}
