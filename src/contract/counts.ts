// Counters of everything that arrived, by outcome.

export interface Counts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly dropped: number;
  readonly unmatched: number;
  /** Became no event, or was rejected: a wrong signature, an unknown path, over the rate, and the like. */
  readonly refused: number;
}
