// Fills the ring: every decision about an arrival, and every change of a delivery afterwards.

import { clip, ofTraced } from "../daemon/commands/event-list.ts";
import type { EventObserver } from "../daemon/metrics/observers.ts";
import { maskAll } from "../host/secret-mask.ts";
import type { StateChange } from "../journal/records.ts";
import type { TracedEvent } from "../router/trace-ring.ts";
import type { ConsoleHost } from "./host.ts";
import type { LiveRing } from "./live-ring.ts";
import type { LiveChange, LiveEvent, LiveState } from "./protocol.ts";

/** Stored events whose decision has not been reported yet. */
const maxStored = 300;
const maxReason = 300;

interface Stored {
  readonly note: string;
  readonly tokens: number;
}

/** Until the result is called. `changed`: something was added. */
export function followEvents(host: ConsoleHost, ring: LiveRing, changed: () => void): () => void {
  const { decisions, observers, clock } = host;
  const stored = new Map<string, Stored>();

  function add(event: LiveEvent): void {
    ring.add({ kind: "event", event: maskAll(event, host.mask) as unknown as LiveEvent });
    changed();
  }

  function change(event_id: string, channel: string, state: LiveState, more: Partial<LiveChange> = {}): void {
    const made = { event_id, channel, time: new Date(clock.now()).toISOString(), state, ...more };
    ring.add({ kind: "change", change: maskAll(made, host.mask) as unknown as LiveChange });
    changed();
  }

  function onTraced(traced: TracedEvent): void {
    const known = stored.get(traced.eventId);
    stored.delete(traced.eventId);
    add({ ...ofTraced(traced), ...known });
  }

  const observer: EventObserver = {
    stored({ id }, deliveries) {
      const tokens = deliveries.reduce((sum, delivery) => sum + delivery.tokens, 0);
      stored.set(id, { note: clip(deliveries[0]?.content ?? ""), tokens });
      if (stored.size > maxStored) stored.delete(stored.keys().next().value as string);
    },
    changed({ id, channel, state, session, attempt, reason, shown, read }: StateChange) {
      change(id, channel, state, {
        ...(session === undefined ? {} : { session }),
        ...(attempt === undefined ? {} : { attempt }),
        ...(reason === undefined ? {} : { reason: reason.slice(0, maxReason) }),
      });
      // A state that comes with a proof.
      if (shown && state !== "acked") change(id, channel, "shown", session === undefined ? {} : { session });
      if (read && state !== "acked") change(id, channel, "read", session === undefined ? {} : { session });
    },
    shown: ({ id, channel }, session) => change(id, channel, "shown", { session }),
    read: (eventId, session) => change(eventId, "", "read", { session }),
    digested({ id, delivery, members }) {
      const { channel, content, tokens } = delivery;
      add({
        event_id: id,
        time: new Date(clock.now()).toISOString(),
        outcome: "digest",
        channels: [{ name: channel }],
        note: clip(content),
        tokens,
      });
      for (const member of members.slice(0, maxStored))
        change(member.id, member.channel, "folded", { reason: `digest ${id}` });
    },
  };
  const ends = [decisions.watch(onTraced), observers.add(observer)];
  return () => {
    for (const end of ends) end();
  };
}
