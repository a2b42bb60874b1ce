// A map with a maximum number of entries: the ones that were set least recently are evicted first. Finding
// the oldest has constant cost: a fresh iterator would walk over all deleted slots, so one is kept.

export interface BoundedMap<V> {
  get(key: string): V | undefined;
  /** Also moves the key to the end. */
  set(key: string, value: V): void;
}

export function createBoundedMap<V>(limit: number): BoundedMap<V> {
  const entries = new Map<string, V>();
  let oldest = entries.keys();
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      while (entries.size > limit) {
        let next = oldest.next();
        if (next.done) {
          oldest = entries.keys();
          next = oldest.next();
        }
        entries.delete(next.value as string);
      }
    },
  };
}
