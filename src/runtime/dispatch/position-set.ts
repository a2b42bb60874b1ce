// A set of journal positions, one bit each: what a session was told of must not cost RAM by the million.

const bitsPerChunk = 32_768;

export interface PositionSet {
  /** False when it was there. */
  add(position: number): boolean;
  has(position: number): boolean;
  /** False when it was not there. */
  delete(position: number): boolean;
  readonly size: number;
  clear(): void;
}

export function createPositionSet(): PositionSet {
  const chunks = new Map<number, Uint32Array>();
  let size = 0;

  const bit = (position: number) => 1 << (position & 31);
  const wordIndex = (position: number) => (position % bitsPerChunk) >>> 5;
  const chunkOf = (position: number) => chunks.get(Math.floor(position / bitsPerChunk));
  const has = (position: number) => ((chunkOf(position)?.[wordIndex(position)] ?? 0) & bit(position)) !== 0;

  return {
    add(position) {
      if (has(position)) return false;
      const chunk = chunkOf(position) ?? new Uint32Array(bitsPerChunk / 32);
      chunks.set(Math.floor(position / bitsPerChunk), chunk);
      chunk[wordIndex(position)] = (chunk[wordIndex(position)] as number) | bit(position);
      size += 1;
      return true;
    },
    has,
    delete(position) {
      const chunk = chunkOf(position);
      if (chunk === undefined || !has(position)) return false;
      chunk[wordIndex(position)] = (chunk[wordIndex(position)] as number) & ~bit(position);
      size -= 1;
      return true;
    },
    get size() {
      return size;
    },
    clear() {
      chunks.clear();
      size = 0;
    },
  };
}
