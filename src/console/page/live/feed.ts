// The events that the Live page shows: bounded, newest first, filtered, and held still while the user reads.

import { batch, computed, signal } from "@preact/signals";
import type { LiveEvent, StreamBatch } from "../../protocol.ts";
import { onStream } from "../connection.ts";
import { changedRow, type FeedRow, rowOf, summaryOf } from "./row.ts";
import { countArrivals, countTokens, forgetCounts } from "./series.ts";

export const maxRows = 2_000;

export interface FeedFilter {
  readonly source: string;
  readonly channel: string;
  /** A summary of `summaryOf`. */
  readonly state: string;
  readonly text: string;
}

export const noFilter: FeedFilter = { source: "", channel: "", state: "", text: "" };
export const filter = signal<FeedFilter>(noFilter);
/** Events that arrived but were not sent here: there were too many. */
export const leftOut = signal(0);
/** The rows as they were when the user paused. */
const frozen = signal<readonly FeedRow[] | undefined>(undefined);
const rows = signal<readonly FeedRow[]>([]);
/** Arrivals since the pause. */
export const missed = signal(0);
export const total = signal(0);

export const isPaused = computed(() => frozen.value !== undefined);
export const hasRows = computed(() => rows.value.length > 0);

/** What the list shows, newest first. Rows of a pause keep their place, and show the states of now. */
export const shownRows = computed(() => {
  const wanted = matcherOf(filter.value);
  return (frozen.value ?? rows.value).filter(wanted);
});

export const isFiltered = computed(() => Object.values(filter.value).some((one) => one !== ""));

function matcherOf({ source, channel, state, text }: FeedFilter): (row: FeedRow) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) =>
    (source === "" || row.source === source) &&
    (channel === "" || row.channels.some(({ name }) => name === channel)) &&
    (state === "" || summaryOf(row) === state || row.channels.some((one) => one.state === state)) &&
    words.every((word) => row.text.includes(word));
}

export function setFilter(part: Partial<FeedFilter>): void {
  filter.value = { ...filter.value, ...part };
}

export function pause(): void {
  if (frozen.value !== undefined) return;
  batch(() => {
    frozen.value = rows.value;
    missed.value = 0;
  });
}

export function resume(): void {
  batch(() => {
    frozen.value = undefined;
    missed.value = 0;
  });
}

/** Called once, when the page starts: the feed is filled while other pages are open. */
export function startFeed(): void {
  onStream("batch", take);
  onStream("hello", ({ resumed }) => {
    if (resumed) return;
    batch(() => {
      rows.value = [];
      frozen.value = undefined;
      missed.value = 0;
      leftOut.value = 0;
      total.value = 0;
    });
    forgetCounts();
  });
}

function take({ events, changes, counts, left_out }: StreamBatch): void {
  batch(() => {
    const arrived = Object.values(counts).reduce((sum, count) => sum + count, 0);
    total.value += arrived;
    leftOut.value += left_out;
    countArrivals(counts);
    if (events.length > 0 || changes.length > 0) {
      rows.value = applied(rows.value, events, changes);
      if (frozen.value !== undefined) {
        missed.value += events.length;
        if (changes.length > 0) frozen.value = applied(frozen.value, [], changes);
      }
    }
    for (const event of events) countTokens(event);
  });
}

function applied(
  before: readonly FeedRow[],
  events: readonly LiveEvent[],
  changes: StreamBatch["changes"],
): readonly FeedRow[] {
  const known = new Set(events.length === 0 ? [] : before.slice(0, 1_000).map(({ id }) => id));
  const fresh = events.filter(({ event_id }) => !known.has(event_id)).map(rowOf);
  const after = [...fresh.reverse(), ...before].slice(0, maxRows);
  if (changes.length === 0) return after;
  const places = new Map(after.map(({ id }, index) => [id, index]));
  for (const change of changes) {
    const index = places.get(change.event_id);
    if (index !== undefined) after[index] = changedRow(after[index] as FeedRow, change);
  }
  return after;
}
