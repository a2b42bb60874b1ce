// Bytes to lines. Works on bytes, so a character split over two chunks is joined, and each byte is copied at
// most a few times however small the chunks are. A line that is too long is dropped to its end; the next one
// is read as usual.

export interface LineReader {
  /** Calls `onLine` for each line that this chunk completes, without its line end (LF or CRLF). */
  push(chunk: Buffer): void;
}

export interface LineReaderOptions {
  readonly maxLineBytes: number;
  onLine(line: string): void;
  /** Called once for each dropped line, when it becomes too long. */
  onTooLong(): void;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const firstCapacityBytes = 4096;
/** A buffer that grew beyond this for one long line is released after it. */
const keptCapacityBytes = 256 * 1024;

export function createLineReader(options: LineReaderOptions): LineReader {
  let partial = Buffer.alloc(0);
  let partialBytes = 0;
  let dropping = false;

  function keep(piece: Buffer): void {
    if (dropping) return;
    const needed = partialBytes + piece.length;
    if (needed > options.maxLineBytes) {
      dropping = true;
      partialBytes = 0;
      partial = Buffer.alloc(0);
      options.onTooLong();
      return;
    }
    if (needed > partial.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, partial.length * 2, firstCapacityBytes));
      partial.copy(grown, 0, 0, partialBytes);
      partial = grown;
    }
    piece.copy(partial, partialBytes);
    partialBytes = needed;
  }

  function finish(end: Buffer): void {
    const wasDropping = dropping;
    if (partialBytes > 0 || end.length > options.maxLineBytes) {
      keep(end);
      if (!dropping) emit(partial.subarray(0, partialBytes));
      partialBytes = 0;
      if (partial.length > keptCapacityBytes) partial = Buffer.alloc(0);
    } else if (!wasDropping) {
      emit(end);
    }
    dropping = false;
  }

  function emit(bytes: Buffer): void {
    const length = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length;
    options.onLine(bytes.toString("utf8", 0, length));
  }

  return {
    push(chunk) {
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(lineFeed, start);
        if (end === -1) break;
        finish(chunk.subarray(start, end));
        start = end + 1;
      }
      if (start < chunk.length) keep(chunk.subarray(start));
    },
  };
}
