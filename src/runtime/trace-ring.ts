// The last decisions of admission with their traces, for `why` and `events`: what the journal does not have, because it was
// dropped or unmatched, is here for as long as it is among the last. Holds no payload and no part of one that would keep it
// in memory.

import type { Outcome, TraceStep } from "../contract.ts";
import type { Decision } from "./emit.ts";

export interface Traced {
  readonly eventId: string;
  readonly source: string;
  readonly timeMs: number;
  readonly outcome: Outcome["outcome"];
  /** Channels that took it. */
  readonly channels: readonly string[];
  /** At most 100 steps; empty when the delivery id already told that it is a duplicate. */
  readonly trace: readonly TraceStep[];
  /** Steps that were left out. */
  readonly leftOut: number;
}

export interface TraceRing {
  add(decision: Decision): void;
  find(eventId: string): Traced | undefined;
  /** Newest first. */
  latest(limit: number): Traced[];
  /** Told of each decision from now on; the result ends it. A listener must not throw. */
  watch(listener: (traced: Traced) => void): () => void;
}

const maxSteps = 100;
const maxDetail = 300;

export function createTraceRing(capacity = 1_000): TraceRing {
  // A Map keeps the order of entry, so the oldest is always its first key.
  const byId = new Map<string, Traced>();
  const listeners = new Set<(traced: Traced) => void>();
  return {
    add({ event, outcome, admission }) {
      const steps = admission?.trace ?? [];
      const traced: Traced = {
        eventId: event.id,
        source: event.source,
        timeMs: event.timeMs,
        outcome,
        channels: (admission?.deliveries ?? []).map(({ channel }) => channel),
        trace: steps.slice(0, maxSteps).map(compact),
        leftOut: Math.max(0, steps.length - maxSteps),
      };
      byId.delete(traced.eventId);
      byId.set(traced.eventId, traced);
      if (byId.size > capacity) byId.delete(byId.keys().next().value as string);
      for (const listener of listeners) listener(traced);
    },
    find: (eventId) => byId.get(eventId),
    latest: (limit) => (limit <= 0 ? [] : [...byId.values()].slice(-limit).reverse()),
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function compact({ detail, path, ...step }: TraceStep): TraceStep {
  return {
    ...step,
    ...(detail === undefined ? {} : { detail: detached(detail) }),
    ...(path === undefined ? {} : { path }),
  };
}

/** A text of its own: a piece cut out of a payload would otherwise keep the whole payload alive. */
function detached(text: string): string {
  const clipped = text.length > maxDetail ? `${text.slice(0, maxDetail)}…` : text;
  return Buffer.from(clipped, "utf16le").toString("utf16le");
}
