// A set of journal positions, one bit each: what was announced to a session must not cost much RAM for
// millions of entries.

const bitsPerChunk = 32_768;

export interface PositionSet {
  /** False when it was in the set. */
  add(position: number): boolean;
  has(position: number): boolean;
  /** False when it was not in the set. */
  delete(position: number): boolean;
  readonly size: number;
  /**
   * Its content in ascending order, both ends included. With more than `max` ranges the narrowest gaps
   * between them are filled.
   */
  ranges(max: number): [first: number, last: number][];
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
    ranges(max) {
      const found: [first: number, last: number][] = [];
      for (const [index, chunk] of [...chunks].sort(([a], [b]) => a - b)) {
        for (const [at, word] of chunk.entries()) {
          for (let rest = word; rest !== 0; rest &= rest - 1) {
            const position = index * bitsPerChunk + at * 32 + 31 - Math.clz32(rest & -rest);
            const last = found.at(-1);
            if (last !== undefined && last[1] === position - 1) last[1] = position;
            else found.push([position, position]);
          }
        }
      }
      return narrowed(found, max);
    },
    clear() {
      chunks.clear();
      size = 0;
    },
  };
}

function narrowed(ranges: [first: number, last: number][], max: number): [first: number, last: number][] {
  if (ranges.length <= max) return ranges;
  const gaps = ranges.slice(1).map(([first], index) => first - (ranges[index]?.[1] ?? first));
  const kept = new Set(
    gaps
      .map((gap, index) => ({ gap, index }))
      .sort((a, b) => b.gap - a.gap)
      .slice(0, max - 1)
      .map(({ index }) => index + 1),
  );
  const found: [first: number, last: number][] = [];
  for (const [index, [first, last]] of ranges.entries()) {
    const before = found.at(-1);
    if (before === undefined || kept.has(index)) found.push([first, last]);
    else before[1] = last;
  }
  return found;
}
