// `dedupe`: the same key again within a time is a duplicate. The time starts with the first event and does
// not slide, so something that never stops repeating is still reported once per period.

import type { Filter } from "../contract.ts";
import { showDuration } from "../dates.ts";
import { keyText } from "../key-parts.ts";
import { type KeyReader, maxKeysPerScope, memoryKey, recall } from "./memory-key.ts";
import { cut } from "./show.ts";

export interface DedupeParts {
  /** From `memoryScope`. */
  readonly scope: string;
  readonly key: KeyReader;
  readonly forMs: number;
}

/** The value stored under a key is the id of the first event. */
export function dedupeFilter({ scope, key: keyOf, forMs }: DedupeParts): Filter {
  const period = showDuration(forMs);
  return {
    name: "dedupe",
    test(view, memory, nowMs) {
      const key = memoryKey(keyOf, view);
      if ("none" in key) return { pass: true, note: key.none };
      const first = recall(memory, scope, key);
      if (first !== undefined) {
        const reason = `duplicate of ${String(first.value)}: the key ${JSON.stringify(cut(keyText(key.key), 80))} within ${period}`;
        return { pass: false, reason, ...(first.pending && { pending: first.pending }) };
      }
      return {
        pass: true,
        write: { scope, key: key.key, value: view.id, untilMs: nowMs + forMs, limit: maxKeysPerScope },
      };
    },
  };
}
