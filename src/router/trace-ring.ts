// The last decisions of admission with their traces, for `why` and `events`: what is not in the journal,
// because it was dropped or unmatched, is here while it is among the last. Holds no payload, and no part of
// one that would keep it in memory.

import { systemClock } from "../clock.ts";
import type { Clock, Outcome, TraceStep } from "../contract.ts";
import type { Decision, UnmatchedEvent } from "./emit.ts";

export interface TracedEvent {
  readonly eventId: string;
  readonly source: string;
  readonly timeMs: number;
  readonly outcome: Outcome["outcome"];
  /** Channels that took it. */
  readonly channels: readonly string[];
  /** At most 100 steps; empty when the delivery id already identified it as a duplicate. */
  readonly trace: readonly TraceStep[];
  /** Steps that were left out. */
  readonly leftOut: number;
}

export interface TraceRing {
  add(decision: Decision): void;
  /**
   * The latest of them are evaluated when they are read, or a little later: until then their payloads are
   * held.
   */
  addUnmatched(unmatched: UnmatchedEvent): void;
  find(eventId: string): TracedEvent | undefined;
  /** Newest first. */
  latest(limit: number): TracedEvent[];
  /** Called with each decision from now on; the result ends it. A listener must not throw. */
  watch(listener: (traced: TracedEvent) => void): () => void;
}

const maxSteps = 100;
const maxDetail = 300;
/** How long a flood of unmatched events may continue before its last ones are evaluated. */
const lookAfterMs = 1_000;

export function createTraceRing(capacity = 1_000, clock: Clock = systemClock): TraceRing {
  // A Map keeps insertion order, so the oldest is always its first key.
  const byId = new Map<string, TracedEvent>();
  const listeners = new Set<(traced: TracedEvent) => void>();
  /** Not yet evaluated, oldest first; never more than `capacity` without the first of them. */
  let later: UnmatchedEvent[] = [];
  let laterCount = 0;
  let cancelLook = (): void => {};

  function enter(decision: Decision): void {
    const traced = trace(decision);
    byId.delete(traced.eventId);
    byId.set(traced.eventId, traced);
    if (byId.size > capacity) byId.delete(byId.keys().next().value as string);
    for (const listener of listeners) listener(traced);
  }

  function look(): void {
    const all = later;
    let skip = Math.max(0, laterCount - capacity);
    later = [];
    laterCount = 0;
    cancelLook();
    for (const { count, decision } of all) {
      for (let index = Math.min(skip, count); index < count; index++) enter(decision(index));
      skip = Math.max(0, skip - count);
    }
  }

  function push(unmatched: UnmatchedEvent): void {
    if (later.length === 0) cancelLook = clock.after(lookAfterMs, look);
    later.push(unmatched);
    laterCount += unmatched.count;
    for (
      let first = later[0];
      first !== undefined && laterCount - first.count >= capacity;
      first = later[0]
    ) {
      laterCount -= first.count;
      later.shift();
    }
  }

  return {
    add(decision) {
      if (later.length === 0) enter(decision);
      else push({ count: 1, decision: () => decision });
    },
    addUnmatched(unmatched) {
      if (listeners.size === 0) push(unmatched);
      else for (let index = 0; index < unmatched.count; index++) enter(unmatched.decision(index));
    },
    find(eventId) {
      look();
      return byId.get(eventId);
    },
    latest(limit) {
      look();
      return limit <= 0 ? [] : [...byId.values()].slice(-limit).reverse();
    },
    watch(listener) {
      look();
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function trace({ event, outcome, admission }: Decision): TracedEvent {
  const steps = admission?.trace ?? [];
  return {
    eventId: event.id,
    source: event.source,
    timeMs: event.timeMs,
    outcome,
    channels: (admission?.deliveries ?? []).map(({ channel }) => channel),
    trace: steps.slice(0, maxSteps).map(compact),
    leftOut: Math.max(0, steps.length - maxSteps),
  };
}

function compact({ detail, path, ...step }: TraceStep): TraceStep {
  return {
    ...step,
    ...(detail === undefined ? {} : { detail: detached(detail) }),
    ...(path === undefined ? {} : { path }),
  };
}

/** A copy: a slice of a payload would otherwise keep the whole payload alive. */
function detached(text: string): string {
  const clipped = text.length > maxDetail ? `${text.slice(0, maxDetail)}…` : text;
  return Buffer.from(clipped, "utf16le").toString("utf16le");
}
