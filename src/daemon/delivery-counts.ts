// What dispatch did since this leader started, in numbers, and the latest dead letters.

import type { StateChange } from "../journal/records.ts";

export interface DeadLetter {
  readonly eventId: string;
  readonly channel: string;
  readonly reason?: string;
}

export interface DeliveryCounter {
  add(change: StateChange): void;
  sent(): number;
  dead(): number;
  /** A throttle dropped it. */
  drop(channel: string): void;
  /** By channel: what throttles dropped. */
  dropped(): ReadonlyMap<string, number>;
  /** The latest first. */
  deadLetters(): readonly DeadLetter[];
}

const maxDeadLetters = 20;

export function createTally(): DeliveryCounter {
  let sent = 0;
  let dead = 0;
  const dropped = new Map<string, number>();
  const letters: DeadLetter[] = [];
  return {
    add({ id, channel, state, reason }) {
      if (state === "sent") sent += 1;
      if (state !== "dead") return;
      dead += 1;
      letters.unshift({ eventId: id, channel, ...(reason === undefined ? {} : { reason }) });
      letters.length = Math.min(letters.length, maxDeadLetters);
    },
    drop: (channel) => dropped.set(channel, (dropped.get(channel) ?? 0) + 1),
    dropped: () => dropped,
    sent: () => sent,
    dead: () => dead,
    deadLetters: () => letters,
  };
}
