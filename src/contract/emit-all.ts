// Emit for bulk arrivals, such as the lines of a file.

import type { Arrival, Outcome } from "./event.ts";

export interface EmitAll {
  /**
   * Each arrival has the same outcome as with `Emit` alone, in the same order; unwanted ones cost little.
   * Never throws and never waits. `whole` converts an arrival that a channel may want into the one that is
   * emitted, and is called for those alone: the same `data` and `text`, in separate memory, and expensive
   * fields, such as the `deliveryId`.
   */
  (arrivals: readonly Arrival[], whole?: (index: number) => Arrival): BatchResult;
  /** For a source that can detect unwanted data before it makes arrivals of it. */
  readonly sieve?: Sieve;
}

/** The immediate outcome of several arrivals. */
export interface BatchResult {
  /** How many, from the first on. The others were not examined and must be emitted again. */
  readonly count: number;
  /** Those of them whose outcome is pending, in order; all the others are settled. */
  readonly underWay: readonly { readonly index: number; readonly outcome: Promise<Outcome> }[];
  /** Present when not all were accepted: settles when more may be. Never rejects. */
  readonly ready?: Promise<void>;
}

export interface Sieve {
  /**
   * What the text of an arrival must contain for a channel to want it; undefined when unknown. `paths`: the
   * paths of that text, such as `text` and `data.line`. Must be called again each time: another config may
   * have other requirements.
   */
  needs(paths: ReadonlySet<string>): TextNeeds | undefined;
  /**
   * This many arrivals are unmatched, all of which lack the required text. `arrival` is called for some of
   * them only, possibly a second later.
   */
  passOver(count: number, arrival: (index: number) => Arrival): void;
}

/**
 * A matching text contains everything that all needs of one of these lists require. Neither the list nor one
 * of its lists is empty.
 */
export type TextNeeds = readonly (readonly TextNeed[])[];

/** One of these texts. */
export interface TextNeed {
  /** At least one, none of them empty. */
  readonly texts: readonly string[];
  /**
   * They are in lower case and the text must be lowered too. Not valid for a text with non-ASCII characters.
   */
  readonly folds: boolean;
}
