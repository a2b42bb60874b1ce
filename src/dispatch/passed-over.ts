// From which position a session may have to look again when a conversation or thread moves to it: the
// position of its first event that some session passed over because another one was the target. One number
// for each key, by the key's hash, so the table has a fixed size and forgets nothing. Two keys that share a
// cell only cost a scan that finds nothing.

const cells = 1 << 14;

export interface SkippedEntries {
  add(key: string, position: number): void;
  /** The lowest position that was added for the key since it was last taken; undefined when there is none. */
  take(key: string): number | undefined;
}

export function createPassedOver(): SkippedEntries {
  let lowest: Float64Array | undefined;
  return {
    add(key, position) {
      lowest ??= new Float64Array(cells).fill(Number.POSITIVE_INFINITY);
      const cell = cellOf(key);
      if (position < (lowest[cell] as number)) lowest[cell] = position;
    },
    take(key) {
      const cell = cellOf(key);
      const found = lowest?.[cell] ?? Number.POSITIVE_INFINITY;
      if (found === Number.POSITIVE_INFINITY) return undefined;
      if (lowest !== undefined) lowest[cell] = Number.POSITIVE_INFINITY;
      return found;
    },
  };
}

/** FNV-1a over UTF-16 units. */
function cellOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) & (cells - 1);
}
