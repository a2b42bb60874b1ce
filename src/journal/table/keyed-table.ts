// Scopes of keys with values that may expire: filter memory, cursors and notes all use it. Bounded per scope
// and in total; the oldest are evicted first. Holds facts only, not what is still being committed.

import type { Json } from "../../contract.ts";

export interface KeyedEntry {
  readonly value: Json;
  /** Absent means never. */
  readonly untilMs?: number;
}

export interface KeyedTable {
  get(scope: string, key: string, nowMs: number): KeyedEntry | undefined;
  /** `nowMs`: entries that have expired by then are removed first, without a report. Default: none. */
  set(scope: string, key: string, entry: KeyedEntry, limit: number, nowMs?: number): void;
  delete(scope: string, key: string): void;
  /** Live entries of a scope, oldest first. */
  entries(scope: string, nowMs: number): [key: string, entry: KeyedEntry][];
  scopes(): { readonly scope: string; readonly limit: number }[];
  size(): number;
}

interface Scope {
  limit: number;
  readonly keys: Map<string, KeyedEntry>;
  /** Kept, because a fresh iterator walks over all deleted slots. */
  oldest: Iterator<string>;
}

/** How often all scopes of a full table are swept for expired entries. */
const sweepEveryMs = 1_000;

/**
 * `maxEntries` over all scopes: beyond it the scope that was written least recently loses its oldest.
 * `onForgotten` is called for each entry that was evicted before its time.
 */
export function createKeyedTable(
  maxEntries: number,
  onForgotten: (scope: string) => void = () => {},
): KeyedTable {
  const scopes = new Map<string, Scope>();
  let size = 0;
  let sweptMs = Number.NEGATIVE_INFINITY;

  function remove(name: string, scope: Scope, key: string): void {
    if (!scope.keys.delete(key)) return;
    size -= 1;
    if (scope.keys.size === 0) scopes.delete(name);
  }

  function removeOldest(name: string, scope: Scope, nowMs: number): void {
    let next = scope.oldest.next();
    if (next.done) {
      scope.oldest = scope.keys.keys();
      next = scope.oldest.next();
    }
    const key = next.value as string;
    const entry = scope.keys.get(key);
    remove(name, scope, key);
    if (entry !== undefined && !isPast(entry, nowMs)) onForgotten(name);
  }

  function sweep(nowMs: number): void {
    if (Math.abs(nowMs - sweptMs) < sweepEveryMs) return;
    sweptMs = nowMs;
    for (const [name, scope] of scopes)
      for (const [key, entry] of scope.keys) if (isPast(entry, nowMs)) remove(name, scope, key);
  }

  return {
    get(name, key, nowMs) {
      const entry = scopes.get(name)?.keys.get(key);
      return entry === undefined || isPast(entry, nowMs) ? undefined : entry;
    },
    set(name, key, entry, limit, nowMs = Number.NEGATIVE_INFINITY) {
      const scope = scopes.get(name) ?? newScope(limit);
      scope.limit = limit;
      // Deleted first, so that insertion order stays age order.
      if (scope.keys.delete(key)) size -= 1;
      scope.keys.set(key, entry);
      size += 1;
      scopes.delete(name);
      scopes.set(name, scope);
      while (scope.keys.size > limit) removeOldest(name, scope, nowMs);
      if (size > maxEntries && nowMs > Number.NEGATIVE_INFINITY) sweep(nowMs);
      while (size > maxEntries) {
        const [oldest] = scopes;
        if (oldest === undefined) return;
        removeOldest(...oldest, nowMs);
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
  const keys = new Map<string, KeyedEntry>();
  return { limit, keys, oldest: keys.keys() };
}

function isPast(entry: KeyedEntry, nowMs: number): boolean {
  return entry.untilMs !== undefined && entry.untilMs <= nowMs;
}
