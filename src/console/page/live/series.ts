// Arrivals by source, for the sparklines, in slots of two seconds.

import { signal } from "@preact/signals";
import type { LiveEvent } from "../../protocol.ts";

export const slotMs = 2_000;
export const slotCount = 60;

export interface SourceCount {
  readonly name: string;
  /** Oldest first; the last one is not over yet. */
  readonly counts: readonly number[];
  readonly total: number;
}

export const series = signal<readonly SourceCount[]>([]);
/** Estimated tokens since the page was opened, by hour (its start) and channel. */
export const liveTokens = signal<ReadonlyMap<number, number>>(new Map());

const bySource = new Map<string, { counts: number[]; total: number }>();
const hourMs = 3_600_000;
const maxSources = 200;
let slot = slotOf(Date.now());

function slotOf(timeMs: number): number {
  return Math.floor(timeMs / slotMs);
}

export function countArrivals(counts: Readonly<Record<string, number>>): void {
  shift();
  for (const [name, count] of Object.entries(counts)) {
    const known = bySource.get(name) ?? { counts: new Array(slotCount).fill(0), total: 0 };
    if (!bySource.has(name) && bySource.size >= maxSources) continue;
    bySource.set(name, known);
    known.counts[slotCount - 1] = (known.counts[slotCount - 1] ?? 0) + count;
    known.total += count;
  }
  publish();
}

export function countTokens({ time, tokens = 0 }: LiveEvent): void {
  if (tokens === 0) return;
  const hour = Math.floor(Date.parse(time) / hourMs) * hourMs;
  const after = new Map(liveTokens.peek());
  after.set(hour, (after.get(hour) ?? 0) + tokens);
  liveTokens.value = after;
}

export function forgetCounts(): void {
  bySource.clear();
  liveTokens.value = new Map();
  publish();
}

/** Called every slot: a source without arrivals moves on, too. */
export function tick(): void {
  if (shift()) publish();
}

function shift(): boolean {
  const now = slotOf(Date.now());
  const steps = Math.min(slotCount, now - slot);
  slot = now;
  if (steps <= 0) return false;
  for (const one of bySource.values()) {
    one.counts = [...one.counts.slice(steps), ...new Array(steps).fill(0)];
  }
  return true;
}

function publish(): void {
  series.value = [...bySource].map(([name, { counts, total }]) => ({ name, counts: [...counts], total }));
}
