// What the feed is filtered by, and whether it stands still.

import { computed } from "@preact/signals";
import type { StatusReport } from "../../protocol.ts";
import { Button } from "../parts/button.tsx";
import { numberOf } from "../parts/text.tsx";
import {
  filter,
  isFiltered,
  isPaused,
  leftOut,
  missed,
  noFilter,
  pause,
  resume,
  setFilter,
  shownRows,
  total,
} from "./feed.ts";

const states = [
  "accepted",
  "held",
  "sent",
  "shown",
  "read",
  "acked",
  "duplicate",
  "unmatched",
  "dropped",
  "superseded",
  "folded",
  "silenced",
  "expired",
  "dead",
];

/** The list may change ten times a second; a screen reader hears of it at rest. */
const summary = computed(() => {
  const shown = numberOf(shownRows.value.length);
  const parts = [
    isFiltered.value ? `${shown} match` : `${shown} shown`,
    `${numberOf(total.value)} since opened`,
  ];
  if (leftOut.value > 0) parts.push(`${numberOf(leftOut.value)} counted only`);
  return parts.join(" · ");
});

export function FilterBar({ status }: { readonly status: StatusReport | undefined }) {
  const { source, channel, state, text } = filter.value;
  return (
    <search class="filter-bar" aria-label="Filter events">
      <input
        id="filter-text"
        type="search"
        placeholder="Filter by text, id or session"
        aria-label="Filter by text, id or session"
        aria-keyshortcuts="/"
        value={text}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => setFilter({ text: currentTarget.value })}
      />
      <Choice
        label="Source"
        value={source}
        choices={(status?.sources ?? []).map(({ name }) => name)}
        onChange={(next) => setFilter({ source: next })}
      />
      <Choice
        label="Channel"
        value={channel}
        choices={(status?.channels ?? []).map(({ name }) => name)}
        onChange={(next) => setFilter({ channel: next })}
      />
      <Choice label="State" value={state} choices={states} onChange={(next) => setFilter({ state: next })} />
      {isFiltered.value ? (
        <Button
          kind="quiet"
          onPress={() => {
            filter.value = noFilter;
          }}
        >
          Clear
        </Button>
      ) : null}
      <span class="filter-summary muted">{summary}</span>
      <Button pressed={isPaused.value} title="p" onPress={() => (isPaused.value ? resume() : pause())}>
        {isPaused.value ? `Resume${missed.value > 0 ? ` (${numberOf(missed.value)} new)` : ""}` : "Pause"}
      </Button>
    </search>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly string[];
  onChange(value: string): void;
}

function Choice({ label, value, choices, onChange }: ChoiceProps) {
  return (
    <select
      class={value === "" ? "" : "active"}
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    >
      <option value="">{label}</option>
      {choices.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
      {value === "" || choices.includes(value) ? null : <option value={value}>{value}</option>}
    </select>
  );
}
