// What became of everything that arrived, in numbers.

import type { Outcome } from "../contract.ts";

export interface Counts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly dropped: number;
  readonly unmatched: number;
  /** Became no event, or was not taken: a wrong signature, no such path, over the rate, and the like. */
  readonly refused: number;
}

export interface Counter {
  add(kind: Outcome["outcome"] | "refused"): void;
  counts(): Counts;
}

export function createCounter(): Counter {
  const counts = { accepted: 0, duplicate: 0, dropped: 0, unmatched: 0, refused: 0 };
  return {
    add(kind) {
      counts[kind] += 1;
    },
    counts: () => ({ ...counts }),
  };
}
