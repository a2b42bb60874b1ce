// The figures of the chart of tokens.

import type { OverviewAnswer } from "../../protocol.ts";

const hourS = 3_600;

export interface TokenTable {
  /** Seconds of the epoch, of the start of each hour. */
  readonly hours: readonly number[];
  readonly channels: readonly { readonly name: string; readonly tokens: readonly number[] }[];
  readonly budget?: number;
}

/** The channels with the most tokens, and the others in one series: six colours can be distinguished. */
export function seriesOf({ since, channels, budget }: OverviewAnswer): TokenTable {
  const length = Math.max(1, ...channels.map(({ hours }) => hours.length));
  const startS = Date.parse(since) / 1_000;
  const used = channels
    .map(({ name, hours }) => ({ name, tokens: hours, sum: hours.reduce((sum, one) => sum + one, 0) }))
    .filter(({ sum }) => sum > 0)
    .sort((one, other) => other.sum - one.sum);
  const rest = used.slice(5);
  const other = {
    name: `${rest.length} others`,
    tokens: Array.from({ length }, (_, index) =>
      rest.reduce((sum, one) => sum + (one.tokens[index] ?? 0), 0),
    ),
  };
  return {
    hours: Array.from({ length }, (_, index) => startS + index * hourS),
    channels: [...used.slice(0, 5), ...(rest.length === 0 ? [] : [other])],
    ...(budget === undefined ? {} : { budget }),
  };
}
