// Memory for what is being read: lent for the time of one read and given back, so that many idle tails need none.

const small = { bytes: 64 * 1024, spare: [] as Buffer[], mostSpare: 16 };
/** Large, because each read that has an event in it is one commit. */
const large = { bytes: 2 * 1024 * 1024, spare: [] as Buffer[], mostSpare: 2 };

/** Calls `use` with a buffer that is nobody else's until it settles. `wanted`: how many bytes may be there to read. */
export async function withBuffer<T>(wanted: number, use: (buffer: Buffer) => Promise<T>): Promise<T> {
  const kind = wanted > small.bytes ? large : small;
  const buffer = kind.spare.pop() ?? Buffer.allocUnsafeSlow(kind.bytes);
  try {
    return await use(buffer);
  } finally {
    if (kind.spare.length < kind.mostSpare) kind.spare.push(buffer);
  }
}
