// A map of so many entries at most: the ones that were set longest ago go first. Finding the oldest costs the same whatever went before:
// a fresh iterator would walk over the places of everything that was deleted, so one is kept.

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
