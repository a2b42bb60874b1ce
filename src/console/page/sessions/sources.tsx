// The health of each source: its state, its address, its last event and error, and what it refused.

import type { SourceReport, StatusReport } from "../../protocol.ts";
import { Chip } from "../parts/chip.tsx";
import { Section } from "../parts/section.tsx";
import { Command, Empty, Time } from "../parts/text.tsx";
import { Fact } from "./sessions.tsx";
import { toneOfSource } from "./source-tone.ts";

export function SourceSection({ report }: { readonly report: StatusReport }) {
  const { sources, unrouted } = report;
  return (
    <Section title="Sources" count={sources.length}>
      {sources.length === 0 ? (
        <Empty title="No source runs.">
          <p>Add one under `sources:` in the config, or use a recipe:</p>
          <Command text="channel-router recipes" />
        </Empty>
      ) : (
        <ul class="cards two">
          {sources.map((source) => (
            <li key={source.name}>
              <Source source={source} />
            </li>
          ))}
        </ul>
      )}
      {unrouted === undefined ? null : (
        <p class="muted">
          Requests that no source answers: {unrouted.text} ({unrouted.last.reason})
        </p>
      )}
    </Section>
  );
}

function Source({ source }: { readonly source: SourceReport }) {
  const { name, type, state, detail, address, last_event, last_error, next_try, refused, try_it, no_try_it } =
    source;
  return (
    <article class="card" aria-label={name}>
      <header class="card-head">
        <h3>
          {name} <span class="muted">{type}</span>
        </h3>
        <Chip text={state} tone={toneOfSource(state)} />
      </header>
      {last_error === undefined ? null : <p class="line error">{last_error}</p>}
      <dl class="facts-list">
        <Fact name="Address" value={address === undefined ? undefined : <code>{address}</code>} />
        <Fact name="Detail" value={detail === address ? undefined : detail} />
        <Fact name="Last event" value={last_event === undefined ? "none yet" : <Time value={last_event} />} />
        <Fact name="Next try" value={next_try === undefined ? undefined : <Time value={next_try} />} />
        <Fact
          name="Refused"
          value={refused === undefined ? undefined : `${refused.text}: ${refused.last.reason}`}
        />
      </dl>
      {try_it === undefined ? null : (
        <details>
          <summary>Try it</summary>
          <Command text={try_it} />
        </details>
      )}
      {no_try_it === undefined ? null : <p class="muted">{no_try_it}</p>}
    </article>
  );
}
