// How many tokens each channel was sent in each of the last 24 hours, since this leader began.

import type { Clock } from "../contract.ts";
import type { Observers } from "../daemon/metrics/observers.ts";

const hourMs = 60 * 60_000;
const hours = 24;
const maxChannels = 1_000;

export class TokenHistory {
  readonly #clock: Pick<Clock, "now">;
  /** By channel, by the number of the hour. */
  readonly #spent = new Map<string, Map<number, number>>();

  constructor(clock: Pick<Clock, "now">, observers: Pick<Observers, "add">) {
    this.#clock = clock;
    observers.add({ spent: (channel, tokens) => this.#add(channel, tokens) });
  }

  /** Milliseconds since the epoch: when the first of the hours began. */
  sinceMs(): number {
    return (this.#hour() - hours + 1) * hourMs;
  }

  /** Oldest first; the last one is the current hour. */
  of(channel: string): number[] {
    const spent = this.#spent.get(channel);
    const first = this.#hour() - hours + 1;
    return Array.from({ length: hours }, (_, index) => Math.max(0, spent?.get(first + index) ?? 0));
  }

  #add(channel: string, tokens: number): void {
    const spent = this.#spent.get(channel) ?? new Map<number, number>();
    if (!this.#spent.has(channel) && this.#spent.size >= maxChannels) return;
    this.#spent.set(channel, spent);
    const hour = this.#hour();
    spent.set(hour, (spent.get(hour) ?? 0) + tokens);
    for (const old of spent.keys()) if (old <= hour - hours) spent.delete(old);
  }

  #hour(): number {
    return Math.floor(this.#clock.now() / hourMs);
  }
}
