// Tokens per channel and hour against the budget: a chart for the last day, bars for the current hour.

import type { OverviewAnswer } from "../../protocol.ts";
import { Empty, numberOf } from "../parts/text.tsx";
import { TokenChart } from "./token-chart.tsx";
import { seriesOf } from "./token-series.ts";

export function TokenPanel({ overview }: { readonly overview: OverviewAnswer }) {
  const { channels, budget } = overview;
  const last = (hours: readonly number[]) => hours.at(-1) ?? 0;
  const sum = channels.reduce((all, { hours }) => all + last(hours), 0);
  const isUsed = channels.some(({ hours }) => hours.some((one) => one > 0));
  if (!isUsed)
    return (
      <Empty title="No tokens in the last 24 hours.">
        <p>They are counted when an event is sent to a session.</p>
      </Empty>
    );
  const order = seriesOf(overview).channels.map(({ name }) => name);
  const busy = channels
    .filter(({ hours }) => hours.some((one) => one > 0))
    .sort((one, other) => last(other.hours) - last(one.hours))
    .slice(0, 8);
  return (
    <>
      <TokenChart overview={overview} />
      <table class="token-table">
        <caption class="token-caption">
          This hour: {numberOf(sum)} tokens
          {budget === undefined ? ", no budget" : ` of ${numberOf(budget)} a session`}
        </caption>
        <thead class="unseen">
          <tr>
            <th scope="col">Channel</th>
            <th scope="col">Tokens this hour</th>
          </tr>
        </thead>
        <tbody>
          {busy.map(({ name, hours, budget: own }) => (
            <TokenRow
              key={name}
              name={name}
              color={Math.min(6, order.indexOf(name) < 0 ? 6 : order.indexOf(name) + 1)}
              tokens={last(hours)}
              limit={own ?? budget}
            />
          ))}
        </tbody>
      </table>
    </>
  );
}

interface TokenRowProps {
  readonly name: string;
  /** Number of its colour in the chart. */
  readonly color: number;
  readonly tokens: number;
  readonly limit: number | undefined;
}

function TokenRow({ name, color, tokens, limit }: TokenRowProps) {
  const share = limit === undefined ? 0 : Math.min(1, tokens / limit);
  return (
    <tr>
      <th scope="row">
        <span class={`swatch series-${color}`} aria-hidden="true" />
        {name}
      </th>
      <td>
        {numberOf(tokens)}
        {limit === undefined ? null : <span class="faint"> / {numberOf(limit)}</span>}
        <span class={`meter ${share >= 1 ? "over" : share > 0.8 ? "near" : ""}`} aria-hidden="true">
          <i style={{ width: `${(share * 100).toFixed(1)}%` }} />
        </span>
      </td>
    </tr>
  );
}
