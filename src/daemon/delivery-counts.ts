// What dispatch did since this leader started, in numbers, and the latest dead letters.

import { keyOf } from "../dispatch/entries.ts";
import type { StateChange } from "../journal/records.ts";

export interface DeadLetter {
  readonly eventId: string;
  readonly channel: string;
  readonly reason?: string;
}

export interface DeliveryCounter {
  add(change: StateChange): void;
  /**
   * A tool call of Claude named the event. True for the first such call: it proves that the event is read on all its
   * channels, which `pending` proves only of the channel that was fetched.
   */
  read(eventId: string): boolean;
  /** A client has shown a delivery after its state was recorded. */
  show(delivery: { readonly id: string; readonly channel: string }): void;
  sent(): number;
  /** How many deliveries a client has shown. */
  shown(): number;
  /** How many events Claude has read: those fetched with `pending`, and those that a tool call named. */
  readEvents(): number;
  ackedEvents(): number;
  dead(): number;
  /** A throttle dropped it. */
  drop(channel: string): void;
  /** By channel: what throttles dropped. */
  dropped(): ReadonlyMap<string, number>;
  /** The latest first. */
  deadLetters(): readonly DeadLetter[];
}

const maxDeadLetters = 20;
/** Of events, so that each is counted once; the oldest are forgotten. */
const maxKnown = 10_000;

export function createTally(): DeliveryCounter {
  let sent = 0;
  let dead = 0;
  const written = createOnceCounter();
  const shown = createOnceCounter();
  const read = createOnceCounter();
  const named = createOnceCounter();
  const acked = createOnceCounter();
  const dropped = new Map<string, number>();
  const letters: DeadLetter[] = [];
  return {
    add(change) {
      const { id, channel, state, reason } = change;
      const key = keyOf(change);
      // One that Claude acknowledges before the write is confirmed ends without ever being `sent`.
      if (state === "sent" || (state === "acked" && !written.has(key))) sent += 1;
      if (state === "sent") written.add(key);
      if (change.shown) shown.add(key);
      if (change.read) read.add(id);
      if (state === "acked") acked.add(id);
      if (state !== "dead") return;
      dead += 1;
      letters.unshift({ eventId: id, channel, ...(reason === undefined ? {} : { reason }) });
      letters.length = Math.min(letters.length, maxDeadLetters);
    },
    drop: (channel) => dropped.set(channel, (dropped.get(channel) ?? 0) + 1),
    dropped: () => dropped,
    show: (delivery) => void shown.add(keyOf(delivery)),
    read(eventId) {
      read.add(eventId);
      return named.add(eventId);
    },
    sent: () => sent,
    shown: () => shown.count(),
    readEvents: () => read.count(),
    ackedEvents: () => acked.count(),
    dead: () => dead,
    deadLetters: () => letters,
  };
}

function createOnceCounter(): { add(key: string): boolean; has(key: string): boolean; count(): number } {
  const known = new Set<string>();
  let count = 0;
  return {
    add(key) {
      if (known.has(key)) return false;
      known.add(key);
      if (known.size > maxKnown) known.delete(known.values().next().value as string);
      count += 1;
      return true;
    },
    has: (key) => known.has(key),
    count: () => count,
  };
}
