// Read buffers: lent for one read and returned, so that many idle tails need no memory.

const small = { bytes: 64 * 1024, spare: [] as Buffer[], mostSpare: 16 };
/** Large, because each read that contains an event is one commit. */
const large = { bytes: 2 * 1024 * 1024, spare: [] as Buffer[], mostSpare: 2 };

/** Calls `use` with an exclusive buffer until it settles. `wanted`: how many bytes may be available. */
export async function withBuffer<T>(wanted: number, use: (buffer: Buffer) => Promise<T>): Promise<T> {
  const kind = wanted > small.bytes ? large : small;
  const buffer = kind.spare.pop() ?? Buffer.allocUnsafeSlow(kind.bytes);
  try {
    return await use(buffer);
  } finally {
    if (kind.spare.length < kind.mostSpare) kind.spare.push(buffer);
  }
}
