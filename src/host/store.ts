// What a source stores beyond its process, in the journal's cursors. Its keys begin with the source's name
// and with what the store belongs to, so that a source with another address does not continue at the position
// of the old one.

import type { Store } from "../contract/host.ts";
import type { Json } from "../contract.ts";

/** The journal's part, or a replacement. */
export interface Cursors {
  /** Cursors with this prefix, the least recently moved first. */
  cursors(prefix: string): readonly (readonly [name: string, value: Json])[];
  /** Settles when durable; null removes it. */
  moveCursor(name: string, value: Json): Promise<void>;
}

/** `belongsTo` is `PlannedSource.keeps`. Reads the stored values on first use. */
export function createStore(cursors: Cursors, source: string, belongsTo: string): Store {
  const prefix = `${source}/${belongsTo}/`;
  let values: Map<string, Json> | undefined;
  let stale: string[] = [];

  function load(): Map<string, Json> {
    if (values !== undefined) return values;
    values = new Map();
    for (const [name, value] of cursors.cursors(`${source}/`)) {
      if (name.startsWith(prefix)) values.set(name.slice(prefix.length), value);
      else stale.push(name);
    }
    return values;
  }

  return {
    get: (key) => load().get(key),
    entries: () => [...load()],
    async set(key, value) {
      const known = load();
      await cursors.moveCursor(prefix + key, value);
      known.delete(key);
      if (value !== null) known.set(key, value);
      // Values of other options are removed when these have something to store, not before: an edit may be
      // undone.
      const gone = stale;
      stale = [];
      for (const name of gone) await cursors.moveCursor(name, null);
    },
  };
}

/** For `dev` and tests: lives as long as the process. */
export function createMemoryCursors(): Cursors {
  const all = new Map<string, Json>();
  return {
    cursors: (prefix) => [...all].filter(([name]) => name.startsWith(prefix)),
    async moveCursor(name, value) {
      all.delete(name);
      if (value !== null) all.set(name, value);
    },
  };
}
