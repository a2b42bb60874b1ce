// What an event of a recipe costs, from what its tests deliver.

import type { TestResult } from "./suite.ts";

export interface TokensPerEvent {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** How many deliveries that is of. */
  readonly events: number;
}

/** Undefined when the tests deliver nothing. */
export function tokensPerEvent(tests: readonly Pick<TestResult, "delivered">[]): TokensPerEvent | undefined {
  const all = tests.flatMap(({ delivered }) => delivered.map(({ tokens }) => tokens)).sort((a, b) => a - b);
  const [least, most] = [all[0], all.at(-1)];
  const middle = all[Math.floor((all.length - 1) / 2)];
  if (least === undefined || most === undefined || middle === undefined) return undefined;
  return { median: middle, least, most, events: all.length };
}
