// Live: every event as it goes, with the sources and the tokens beside it.

import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { connection } from "../connection.ts";
import { setKeys } from "../keyboard.ts";
import { Section, useAnswer, useTitle } from "../parts/section.tsx";
import { Command, Empty } from "../parts/text.tsx";
import { overview, status } from "../questions.ts";
import { go } from "../route.ts";
import { isNarrow } from "../screen.ts";
import { filter, hasRows, isFiltered, isPaused, noFilter, pause, resume, shownRows } from "./feed.ts";
import { FeedLine } from "./feed-row.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { tick } from "./series.ts";
import { SourceList } from "./source-list.tsx";
import { TokenPanel } from "./token-panel.tsx";
import { VirtualList } from "./virtual-list.tsx";

/** The id of the row that the keyboard is at; the feed is held while there is one. */
const selectedId = signal<string | undefined>(undefined);
const selectedIndex = computed(() => {
  if (selectedId.value === undefined) return undefined;
  const index = shownRows.value.findIndex(({ id }) => id === selectedId.value);
  return index < 0 ? undefined : index;
});

function move(by: number): void {
  const rows = shownRows.value;
  if (rows.length === 0) return;
  pause();
  const index = selectedIndex.value === undefined ? 0 : selectedIndex.value + by;
  const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
  selectedId.value = row?.id;
  requestAnimationFrame(() => document.querySelector<HTMLElement>(".feed-row.selected")?.focus());
}

function letGo(): void {
  selectedId.value = undefined;
  resume();
}

function leave(): void {
  if (isFiltered.value && selectedId.value === undefined && !isPaused.value) filter.value = noFilter;
  letGo();
}

export function LivePage() {
  useTitle("Live");
  const { data: report } = useAnswer(status);
  useEffect(() => {
    const timer = setInterval(tick, 1_000);
    const end = setKeys({
      j: () => move(1),
      k: () => move(-1),
      Enter: () => selectedId.value !== undefined && go("event", selectedId.value),
      p: () => (isPaused.value ? letGo() : pause()),
      "/": () => document.getElementById("filter-text")?.focus(),
      Escape: leave,
    });
    return () => {
      clearInterval(timer);
      end();
    };
  }, []);
  const rows = shownRows.value;
  return (
    <div class="live">
      <h1 class="unseen">Live</h1>
      <section class="live-feed" aria-label="Events">
        <FilterBar status={report} />
        {rows.length === 0 ? (
          <NoRows />
        ) : (
          <VirtualList
            label="Events, newest first"
            count={rows.length}
            rowHeight={isNarrow.value ? 62 : 32}
            selected={selectedIndex.value}
            onScroll={(isAtTop) => (isAtTop ? selectedId.value === undefined && resume() : pause())}
            renderRow={(index) => {
              const row = rows[index];
              return row === undefined ? null : (
                <FeedLine row={row} isSelected={row.id === selectedId.value} />
              );
            }}
          />
        )}
      </section>
      <Aside />
    </div>
  );
}

function Aside() {
  const { data: report } = useAnswer(status);
  const { data: costs } = useAnswer(overview);
  return (
    <aside class="live-side" aria-label="Sources and tokens">
      <Section title="Sources" count={report?.sources.length}>
        <SourceList status={report} />
      </Section>
      <Section title="Tokens per hour">
        {costs === undefined ? <p class="muted">Not known yet.</p> : <TokenPanel overview={costs} />}
      </Section>
    </aside>
  );
}

/** Says what to do next: an empty feed is the first thing that a new user sees. */
function NoRows() {
  const { data: report } = useAnswer(status);
  if (hasRows.value && isFiltered.value)
    return (
      <Empty title="No event matches the filter.">
        <p>
          Press <kbd>Esc</kbd> to clear it.
        </p>
      </Empty>
    );
  if (connection.value === "connecting") return <Empty title="Connecting to the router…" />;
  const example = report?.sources.find((one) => one.try_it !== undefined);
  if (example?.try_it !== undefined)
    return (
      <Empty title="No events yet.">
        <p>Send one to {example.name} from a terminal:</p>
        <Command text={example.try_it} />
      </Empty>
    );
  if (report !== undefined && report.sources.length === 0)
    return (
      <Empty title="No events yet, and no source runs.">
        <p>Add a source and a channel to {report.config}, or begin with a recipe:</p>
        <Command text="channel-router recipes" />
      </Empty>
    );
  return (
    <Empty title="No events yet.">
      <p>They appear here as they arrive. To send a sample payload:</p>
      <Command text={`channel-router send ${report?.sources[0]?.name ?? "SOURCE"}`} />
    </Empty>
  );
}
