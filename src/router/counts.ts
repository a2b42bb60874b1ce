// Counts the outcomes of everything that arrived.

import type { Counts } from "../contract/event.ts";
import type { Outcome } from "../contract.ts";

export interface Counter {
  /** `many` is 1 unless given. */
  add(kind: Outcome["outcome"] | "refused", many?: number): void;
  counts(): Counts;
}

export function createCounter(): Counter {
  const counts = { accepted: 0, duplicate: 0, dropped: 0, unmatched: 0, refused: 0 };
  return {
    add(kind, many = 1) {
      counts[kind] += many;
    },
    counts: () => ({ ...counts }),
  };
}
