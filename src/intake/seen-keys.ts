// Which items of a list were seen before, across restarts. Kept in blocks, because a store writes a whole
// value each time and has a limited number of them. Bounded: the oldest are removed, but never one that is
// still in the list.

import { createHash } from "node:crypto";
import type { Store } from "../contract/host.ts";
import type { Json } from "../contract.ts";
import { isObject } from "../json.ts";

const blockSize = 100;
/** In addition to those in the current list. */
const maxKeys = 5_000;
const prefix = "seen/";

export interface SeenKeys {
  has(key: string): boolean;
  /** Those in `current` are kept, whatever their age. Settles when durable; rejects as `Store.set` does. */
  add(keys: readonly string[], current: ReadonlySet<string>): Promise<void>;
}

/** A short text that identifies a value: equal for equal values, whatever the order of their keys. */
export function keyOf(value: Json): string {
  return createHash("sha256").update(stableText(value)).digest("base64url").slice(0, 16);
}

function stableText(value: Json): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

export function createSeenKeys(store: Store): SeenKeys {
  let loaded: { readonly blocks: Map<number, string[]>; readonly all: Set<string> } | undefined;
  /** Blocks that differ from the stored ones, also after a failed write. */
  const changed = new Set<number>();
  const removed = new Set<number>();

  function load() {
    if (loaded !== undefined) return loaded;
    const stored = store
      .entries()
      .flatMap(([name, value]): [number, string[]][] =>
        name.startsWith(prefix) && Array.isArray(value)
          ? [[Number(name.slice(prefix.length)), value.map(String)]]
          : [],
      )
      .sort(([a], [b]) => a - b);
    loaded = { blocks: new Map(stored), all: new Set(stored.flatMap(([, keys]) => keys)) };
    return loaded;
  }

  return {
    has: (key) => load().all.has(key),
    async add(keys, current) {
      const { blocks, all } = load();
      let last = Math.max(0, ...blocks.keys());
      const append = (key: string) => {
        let block = blocks.get(last);
        if (block === undefined || block.length >= blockSize) {
          if (block !== undefined) last += 1;
          block = [];
          blocks.set(last, block);
        }
        block.push(key);
        changed.add(last);
      };
      for (const key of keys) {
        if (all.has(key)) continue;
        all.add(key);
        append(key);
      }
      for (const [number, block] of [...blocks]) {
        if (all.size <= maxKeys + current.size || number === last) break;
        blocks.delete(number);
        changed.delete(number);
        removed.add(number);
        for (const key of block) {
          if (current.has(key)) append(key);
          else all.delete(key);
        }
      }
      await each(changed, (number) => store.set(prefix + number, blocks.get(number) ?? []));
      // Only then: a crash in between may leave a key twice, but never lose one.
      await each(removed, (number) => store.set(prefix + number, null));
    },
  };
}

async function each(numbers: Set<number>, write: (number: number) => Promise<void>): Promise<void> {
  await Promise.all([...numbers].map((number) => write(number).then(() => numbers.delete(number))));
}
