// What became of everything that arrived, in numbers.

export interface Counts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly dropped: number;
  readonly unmatched: number;
  /** Became no event, or was not taken: a wrong signature, no such path, over the rate, and the like. */
  readonly refused: number;
}
