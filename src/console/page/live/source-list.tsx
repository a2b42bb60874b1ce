// The sources with their arrivals of the last two minutes. One click filters the feed by a source.

import type { StatusReport } from "../../protocol.ts";
import { Empty, numberOf } from "../parts/text.tsx";
import { toneOfSource } from "../sessions/source-tone.ts";
import { filter, setFilter } from "./feed.ts";
import { series, slotMs } from "./series.ts";
import { Sparkline } from "./sparkline.tsx";

/** The last ten seconds. */
const rateSlots = 5;

export function SourceList({ status }: { readonly status: StatusReport | undefined }) {
  const bySource = new Map(series.value.map((one) => [one.name, one]));
  const known = (status?.sources ?? []).map(({ name }) => name);
  const names = [...known, ...[...bySource.keys()].filter((name) => name !== "" && !known.includes(name))];
  if (names.length === 0 && status !== undefined)
    return (
      <Empty title="No source runs.">
        <p>Add one under `sources:` in the config.</p>
      </Empty>
    );
  return (
    <ul class="source-list">
      {names.map((name) => {
        const counts = bySource.get(name)?.counts ?? [];
        const recent = counts.slice(-rateSlots - 1, -1).reduce((sum, count) => sum + count, 0);
        const rate = recent / ((rateSlots * slotMs) / 1_000);
        const source = status?.sources.find((one) => one.name === name);
        const isChosen = filter.value.source === name;
        return (
          <li key={name}>
            <button
              type="button"
              class="source-row"
              aria-pressed={isChosen}
              title={`Show only events of ${name}`}
              onClick={() => setFilter({ source: isChosen ? "" : name })}
            >
              <span class={`dot ${toneOfSource(source?.state)}`} aria-hidden="true" />
              <span class="source-name">{name}</span>
              <span class="source-rate">
                {rate >= 10 ? numberOf(Math.round(rate)) : rate.toFixed(1)}
                <span class="faint">/s</span>
              </span>
              <Sparkline counts={counts.length === 0 ? [0, 0] : counts} />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
