// Emit for what follows one another quickly, such as the lines of a file.

import type { Arrival, Outcome } from "../contract.ts";

export interface EmitAll {
  /**
   * Each arrival comes to what it would have come to by `Emit` alone, in the same order; those that no channel wants cost
   * little. Never throws and never waits. `whole` makes of one that a channel may want the arrival that is emitted in its place, and
   * is called for those alone: the same `data` and `text`, in memory of their own, and what costs something to make, such as
   * the `deliveryId`.
   */
  (arrivals: readonly Arrival[], whole?: (index: number) => Arrival): Taken;
  /** For a source that can see, before it makes arrivals of what it read, what nobody wants. */
  readonly sieve?: Sieve;
}

/** What became at once of several arrivals. */
export interface Taken {
  /** How many, from the first on. The others were not looked at and are to be handed over again. */
  readonly count: number;
  /** Those of them whose outcome is not known yet, in order; all the others are settled. */
  readonly underWay: readonly { readonly index: number; readonly outcome: Promise<Outcome> }[];
  /** There when not all were taken: settles when more may be. Never rejects. */
  readonly ready?: Promise<void>;
}

export interface Sieve {
  /**
   * What the text of an arrival must hold for a channel to want it; undefined when nothing can be said. `paths`: those that lead to
   * that text, such as `text` and `data.line`. To be asked anew each time: another config may ask for something else.
   */
  needs(paths: ReadonlySet<string>): TextNeeds | undefined;
  /**
   * So many arrivals come to unmatched, all of which lack what is needed now. `arrival` is called for some of them only, perhaps
   * a second later.
   */
  passOver(count: number, arrival: (index: number) => Arrival): void;
}

/** A text that fits has in it what all needs of one of these lists ask for. Neither the list nor one of its lists is empty. */
export type TextNeeds = readonly (readonly TextNeed[])[];

/** One of these texts. */
export interface TextNeed {
  /** At least one, none of them empty. */
  readonly texts: readonly string[];
  /** They are in lower case and so is the text to be put. Says nothing of a text that is not ASCII throughout. */
  readonly folds: boolean;
}
