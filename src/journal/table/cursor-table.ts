// What sources keep beyond their process. None of it may be forgotten while its source is there, so nothing is evicted: each source
// has a bound, and all together; beyond it what sources left that the config no longer has goes first, and then what is new is
// refused.

import type { Json } from "../../contract.ts";
import { DeliveryError } from "../../errors.ts";

export interface CursorTable {
  get(name: string): Json | undefined;
  /** Of what is committed, or was: never refused. */
  set(name: string, value: Json): void;
  delete(name: string): void;
  /** Those whose name begins so, the one that was set longest ago first. */
  entries(prefix: string): [name: string, value: Json][];
  /** The sources of the config. */
  know(sources: readonly string[]): void;
  /** Why a value under this name cannot be kept; makes room first where it may. */
  refusal(name: string): DeliveryError | undefined;
  size(): number;
}

/** More than a watch of the most files that it takes, with what is gone of them. */
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
  const whose = source === undefined ? "all sources keep" : `source ${source} keeps`;
  return new DeliveryError(
    "E_STORE_FULL",
    `${whose} ${limit} places (files, ids, cursors), and no more are kept`,
    {
      retryAfterMs: 60_000,
      hint: "narrow its patterns, or split it up; what was not kept is tried again, and nothing that was kept is forgotten",
    },
  );
}
