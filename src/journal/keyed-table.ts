// Scopes of keys with values that may expire: filter memory, cursors and notes are all this. Bounded per scope and as a
// whole; the oldest go first. Holds facts only: what is still being committed is not its business.

import type { Json } from "../contract.ts";

export interface Keyed {
  readonly value: Json;
  /** Absent means never. */
  readonly untilMs?: number;
}

export interface KeyedTable {
  get(scope: string, key: string, nowMs: number): Keyed | undefined;
  set(scope: string, key: string, entry: Keyed, limit: number): void;
  delete(scope: string, key: string): void;
  /** Live entries of a scope, oldest first. */
  entries(scope: string, nowMs: number): [key: string, entry: Keyed][];
  scopes(): { readonly scope: string; readonly limit: number }[];
  size(): number;
}

interface Scope {
  limit: number;
  readonly keys: Map<string, Keyed>;
  /** Kept, because a fresh one walks over the places of all that were deleted before. */
  oldest: Iterator<string>;
}

/** `maxEntries` over all scopes: beyond it the scope that was not written for longest loses its oldest. */
export function createKeyedTable(maxEntries: number): KeyedTable {
  const scopes = new Map<string, Scope>();
  let size = 0;

  function remove(name: string, scope: Scope, key: string): void {
    if (!scope.keys.delete(key)) return;
    size -= 1;
    if (scope.keys.size === 0) scopes.delete(name);
  }

  function removeOldest(name: string, scope: Scope): void {
    let next = scope.oldest.next();
    if (next.done) {
      scope.oldest = scope.keys.keys();
      next = scope.oldest.next();
    }
    remove(name, scope, next.value as string);
  }

  return {
    get(name, key, nowMs) {
      const entry = scopes.get(name)?.keys.get(key);
      return entry === undefined || isPast(entry, nowMs) ? undefined : entry;
    },
    set(name, key, entry, limit) {
      const scope = scopes.get(name) ?? newScope(limit);
      scope.limit = limit;
      // Deleted first, so that insertion order stays the order of age.
      if (scope.keys.delete(key)) size -= 1;
      scope.keys.set(key, entry);
      size += 1;
      scopes.delete(name);
      scopes.set(name, scope);
      while (scope.keys.size > limit) removeOldest(name, scope);
      while (size > maxEntries) {
        const [oldest] = scopes;
        if (oldest === undefined) return;
        removeOldest(...oldest);
      }
    },
    delete(name, key) {
      const scope = scopes.get(name);
      if (scope !== undefined) remove(name, scope, key);
    },
    entries: (name, nowMs) =>
      [...(scopes.get(name)?.keys ?? [])].filter(([, entry]) => !isPast(entry, nowMs)),
    scopes: () => [...scopes].map(([scope, { limit }]) => ({ scope, limit })),
    size: () => size,
  };
}

function newScope(limit: number): Scope {
  const keys = new Map<string, Keyed>();
  return { limit, keys, oldest: keys.keys() };
}

function isPast(entry: Keyed, nowMs: number): boolean {
  return entry.untilMs !== undefined && entry.untilMs <= nowMs;
}
