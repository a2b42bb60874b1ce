// Bytes that arrive in pieces, copied into one growing buffer. A list of the pieces would cost an object for
// each: a sender that cuts a megabyte into pieces of one byte would use a hundred megabytes of memory.

export interface ByteBuffer {
  readonly length: number;
  /**
   * `too-long`: it would exceed `maxBytes`. `no-room`: `reserve` rejected it. In both cases the piece was not
   * kept.
   */
  append(piece: Uint8Array): "kept" | "too-long" | "no-room";
  /** The collected bytes; the buffer is empty afterwards. */
  take(): Buffer;
  /**
   * Like `take`, for bytes that are read at once and not kept: a small buffer is reused, because an
   * allocation for each short line would take longer than everything else.
   */
  read<T>(use: (bytes: Buffer) => T): T;
}

export interface ByteBufferOptions {
  readonly maxBytes: number;
  /**
   * The announced number of bytes. Trusted only when a quarter of them has arrived: announcing costs nothing.
   */
  readonly expectedBytes?: number | undefined;
  /** Called before this many more bytes are allocated. */
  reserve?(bytes: number): boolean;
  /** This many of the reserved bytes are free again. */
  release?(bytes: number): void;
}

const firstCapacityBytes = 4_096;
const maxKeptBytes = 65_536;
const nothing = Buffer.alloc(0);

export function createByteBuffer({
  maxBytes,
  expectedBytes = 0,
  reserve,
  release,
}: ByteBufferOptions): ByteBuffer {
  let bytes: Buffer = nothing;
  let length = 0;

  return {
    get length() {
      return length;
    },
    append(piece) {
      const needed = length + piece.byteLength;
      if (needed > maxBytes) return "too-long";
      if (needed > bytes.length) {
        const doubled = Math.max(2 * bytes.length, firstCapacityBytes);
        const wanted = 4 * needed >= expectedBytes ? Math.max(doubled, expectedBytes) : doubled;
        const capacity = Math.max(needed, Math.min(wanted, maxBytes));
        if (reserve?.(capacity) === false) return "no-room";
        const grown = Buffer.allocUnsafeSlow(capacity);
        bytes.copy(grown, 0, 0, length);
        release?.(bytes.length);
        bytes = grown;
      }
      bytes.set(piece, length);
      length = needed;
      return "kept";
    },
    read(use) {
      const result = use(bytes.subarray(0, length));
      if (bytes.length > maxKeptBytes) {
        release?.(bytes.length);
        bytes = nothing;
      }
      length = 0;
      return result;
    },
    take() {
      const taken = bytes.subarray(0, length);
      bytes = nothing;
      length = 0;
      return taken;
    },
  };
}
