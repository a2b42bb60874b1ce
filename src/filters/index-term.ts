// An equality that every match of a pattern requires: the index looks events up by it.

import type { Json, View } from "../contract.ts";
import type { Scalar } from "./operators.ts";

export interface IndexTerm {
  /** As written; equal texts read the same path. */
  readonly path: string;
  /** The value, or for a list one element of it, is one of these. */
  readonly values: readonly Scalar[];
  read(view: View): Json | undefined;
}

/** The common term of all alternatives: one on the same path in each of them, with the values of all. */
export function mergeTerms(alternatives: readonly (readonly IndexTerm[])[]): IndexTerm[] {
  const [first, ...others] = alternatives;
  if (first === undefined) return [];
  const merged: IndexTerm[] = [];
  for (const term of first) {
    const values = new Set(term.values);
    const everywhere = others.every((terms) => {
      const same = terms.find((other) => other.path === term.path);
      for (const value of same?.values ?? []) values.add(value);
      return same !== undefined;
    });
    if (everywhere) merged.push({ ...term, values: [...values] });
  }
  return merged;
}
