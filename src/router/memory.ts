// Filter memory. An entry is visible to the next decision at once, marked pending, and becomes final only
// when the event that wrote it was committed; when the commit fails it is undone.

import type { Clock, Json, Memory, MemoryEntry, MemoryWrite } from "../contract.ts";

interface Entry {
  readonly value: Json;
  readonly untilMs: number;
  /** The earlier entry, until this one is final. */
  previous: Entry | undefined;
  pending: Promise<unknown> | undefined;
  failed: boolean;
}

export interface FilterMemory extends Memory {
  /** Adds the writes as pending on `commit`, and makes them final or undoes them when it settles. */
  stage(writes: readonly MemoryWrite[], commit: Promise<unknown>): void;
  /** Number of entries, for `status` and tests. */
  size(): number;
}

/**
 * A scope may exceed its limit by this factor before the oldest are evicted in bulk: to find the oldest, a
 * Map walks over all deleted slots.
 */
const slack = 1.125;

function forgetOldest(scope: Map<string, Entry>, count: number, nowMs: number): boolean {
  let left = count;
  let isEarly = false;
  for (const [key, { untilMs }] of scope) {
    if (left-- === 0) break;
    scope.delete(key);
    isEarly ||= untilMs > nowMs;
  }
  return isEarly;
}

/**
 * Final entries that are stored elsewhere: in the journal, which has them on disk. Expired ones are not
 * returned.
 */
export interface Facts {
  get(scope: string, key: string): Json | undefined;
}

/**
 * With `facts`, an entry leaves this memory when its commit made it final. `onForgotten` is called with a
 * scope some of whose entries were evicted before their time.
 */
export function createMemory(
  clock: Clock,
  facts?: Facts,
  onForgotten: (scope: string) => void = () => {},
): FilterMemory {
  const scopes = new Map<string, Map<string, Entry>>();

  function enter(write: MemoryWrite, commit: Promise<unknown>): Entry {
    const scope = scopes.get(write.scope) ?? new Map<string, Entry>();
    scopes.set(write.scope, scope);
    const entry: Entry = {
      value: write.value,
      untilMs: write.untilMs ?? Number.POSITIVE_INFINITY,
      previous: scope.get(write.key),
      pending: commit,
      failed: false,
    };
    // Deleted first, so that insertion order stays age order and the oldest is always first.
    scope.delete(write.key);
    scope.set(write.key, entry);
    if (scope.size > write.limit * slack && forgetOldest(scope, scope.size - write.limit, clock.now()))
      onForgotten(write.scope);
    return entry;
  }

  function undo(write: MemoryWrite, entry: Entry): void {
    entry.failed = true;
    const scope = scopes.get(write.scope);
    if (scope?.get(write.key) !== entry) return;
    let before = entry.previous;
    while (before?.failed) before = before.previous;
    if (before === undefined) scope.delete(write.key);
    else scope.set(write.key, before);
  }

  function forget({ scope: name, key }: MemoryWrite, entry: Entry): void {
    const scope = scopes.get(name);
    if (scope?.get(key) !== entry) return;
    scope.delete(key);
    if (scope.size === 0) scopes.delete(name);
  }

  return {
    get(scopeName, key): MemoryEntry | undefined {
      const scope = scopes.get(scopeName);
      const entry = scope?.get(key);
      if (entry === undefined) {
        const value = facts?.get(scopeName, key);
        return value === undefined ? undefined : { value };
      }
      if (entry.untilMs <= clock.now()) {
        scope?.delete(key);
        return undefined;
      }
      return entry.pending === undefined
        ? { value: entry.value }
        : { value: entry.value, pending: entry.pending };
    },
    stage(writes, commit) {
      const entries = writes.map((write) => enter(write, commit));
      commit.then(
        () => {
          for (const [index, entry] of entries.entries()) {
            entry.pending = undefined;
            entry.previous = undefined;
            if (facts !== undefined) forget(writes[index] as MemoryWrite, entry);
          }
        },
        () => {
          for (const [index, entry] of entries.entries()) undo(writes[index] as MemoryWrite, entry);
        },
      );
    },
    size: () => [...scopes.values()].reduce((sum, scope) => sum + scope.size, 0),
  };
}
