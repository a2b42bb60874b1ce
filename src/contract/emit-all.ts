// Emit for what follows one another quickly, such as the lines of a file.

import type { Arrival, Outcome } from "../contract.ts";

/**
 * Each arrival comes to what it would have come to by `Emit` alone, in the same order; those that no channel wants cost
 * little. Never throws and never waits. `whole` makes of one that a channel may want the arrival that is emitted in its place, and
 * is called for those alone: the same `data` and `text`, in memory of their own, and what costs something to make, such as
 * the `deliveryId`.
 */
export type EmitAll = (arrivals: readonly Arrival[], whole?: (index: number) => Arrival) => Taken;

/** What became at once of several arrivals. */
export interface Taken {
  /** How many, from the first on. The others were not looked at and are to be handed over again. */
  readonly count: number;
  /** Those of them whose outcome is not known yet, in order; all the others are settled. */
  readonly underWay: readonly { readonly index: number; readonly outcome: Promise<Outcome> }[];
  /** There when not all were taken: settles when more may be. Never rejects. */
  readonly ready?: Promise<void>;
}
