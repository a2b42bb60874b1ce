// `changed`: accepts an event only when a value differs from the last event of the same key. Reads memory;
// new values are returned in the verdict, because only a committed event counts as the last one.

import type { Filter, Json, MemoryEntry } from "../contract.ts";
import { keyText } from "../key-parts.ts";
import { bounded, canonicalJson } from "./canonical.ts";
import type { CelProgram } from "./cel/cel.ts";
import { type KeyReader, maxKeysPerScope, memoryKey, recall } from "./memory-key.ts";
import { cut } from "./show.ts";
import { failedVerdict } from "./when.ts";

export interface ChangedParts {
  /** From `memoryScope`. */
  readonly scope: string;
  readonly value: CelProgram;
  /** The key of the last value; without it the channel has one. */
  readonly by?: KeyReader;
  /** Counts as the last value of a key that has none yet. */
  readonly initial?: Json;
}

/**
 * The first event of a key counts as changed unless it has the initial value; an event without a key passes and
 * is not remembered.
 */
export function changedFilter({ scope, value, by, initial }: ChangedParts): Filter {
  const assumed = initial === undefined ? undefined : bounded(canonicalJson(initial));
  return {
    name: "changed",
    test(view, memory) {
      const key = by === undefined ? { key: "" } : memoryKey(by, view);
      if ("none" in key) return { pass: true, note: key.none };
      let current: string;
      try {
        current = bounded(canonicalJson(value.evaluate(view)));
      } catch (error) {
        return failedVerdict(error);
      }
      const last: MemoryEntry | undefined =
        recall(memory, scope, key) ?? (assumed === undefined ? undefined : { value: assumed });
      if (last?.value === current) {
        const of = key.key === "" ? "" : ` for ${JSON.stringify(cut(keyText(key.key), 80))}`;
        const reason = `not changed${of}: still ${cut(current, 80)}`;
        return { pass: false, reason, ...(last.pending && { pending: last.pending }) };
      }
      return {
        pass: true,
        note: last === undefined ? "the first value" : `was ${cut(String(last.value), 80)}`,
        write: { scope, key: key.key, value: current, limit: maxKeysPerScope },
      };
    },
  };
}
