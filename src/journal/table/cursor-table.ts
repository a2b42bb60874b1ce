// What sources store beyond their process. Nothing is evicted while its source exists: each source has a
// bound, and all together have one; beyond it, cursors of sources that the config no longer has are removed
// first, and then new ones are rejected.

import type { Json } from "../../contract.ts";
import { DeliveryError } from "../../errors.ts";

export interface CursorTable {
  get(name: string): Json | undefined;
  /** For values that are or were committed: never rejected. */
  set(name: string, value: Json): void;
  delete(name: string): void;
  /** Those with this prefix, the least recently set first. */
  entries(prefix: string): [name: string, value: Json][];
  /** The sources of the config. */
  know(sources: readonly string[]): void;
  /** Why a value under this name cannot be stored; makes room first where it may. */
  refusal(name: string): DeliveryError | undefined;
  size(): number;
}

/** More than a watch of the maximum number of files needs, including removed ones. */
const maxOfSource = 20_000;
const maxOfAll = 200_000;

export function createCursorTable(limits = { ofSource: maxOfSource, ofAll: maxOfAll }): CursorTable {
  const sources = new Map<string, Map<string, Json>>();
  let known: ReadonlySet<string> | undefined;
  let size = 0;

  function remove(name: string): void {
    const source = sourceOf(name);
    const values = sources.get(source);
    if (values?.delete(name) !== true) return;
    size -= 1;
    if (values.size === 0) sources.delete(source);
  }

  function forgetGone(): void {
    if (known === undefined) return;
    for (const [source, values] of sources) {
      if (known.has(source)) continue;
      size -= values.size;
      sources.delete(source);
    }
  }

  return {
    get: (name) => sources.get(sourceOf(name))?.get(name),
    set(name, value) {
      remove(name);
      const source = sourceOf(name);
      const values = sources.get(source) ?? new Map<string, Json>();
      sources.set(source, values.set(name, value));
      size += 1;
    },
    delete: remove,
    entries(prefix) {
      const end = prefix.indexOf("/");
      const among =
        end === -1 ? [...sources.values()] : [sources.get(prefix.slice(0, end)) ?? new Map<string, Json>()];
      return among.flatMap((values) => [...values].filter(([name]) => name.startsWith(prefix)));
    },
    know(names) {
      known = new Set(names);
    },
    refusal(name) {
      const source = sourceOf(name);
      const values = sources.get(source);
      if (values?.has(name)) return undefined;
      if ((values?.size ?? 0) >= limits.ofSource) return refused(source, limits.ofSource);
      if (size < limits.ofAll) return undefined;
      forgetGone();
      return size < limits.ofAll ? undefined : refused(undefined, limits.ofAll);
    },
    size: () => size,
  };
}

function sourceOf(name: string): string {
  const end = name.indexOf("/");
  return end === -1 ? name : name.slice(0, end);
}

function refused(source: string | undefined, limit: number): DeliveryError {
  const whose = source === undefined ? "all sources store" : `source ${source} stores`;
  return new DeliveryError(
    "E_STORE_FULL",
    `${whose} ${limit} cursors (files, ids, positions), which is the limit`,
    {
      retryAfterMs: 60_000,
      hint: "narrow its patterns, or split it up; what was not stored is retried, and nothing stored is lost",
    },
  );
}
