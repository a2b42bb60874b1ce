// The latest events and changes of their states, for pages that follow: numbered, so that a page that comes back gets
// exactly what it missed. One ring for all pages: a page that does not read costs no memory.

import type { LiveChange, LiveEvent } from "./protocol.ts";

export type LiveItem =
  | { readonly kind: "event"; readonly event: LiveEvent }
  | { readonly kind: "change"; readonly change: LiveChange };

const capacity = 6_000;

export class LiveRing {
  /** Item `n` is at `n % capacity`. */
  readonly #items: (LiveItem | undefined)[] = [];
  /** The number of the next item. */
  #end = 0;
  #events = 0;
  readonly #counts = new Map<string, number>();

  get end(): number {
    return this.#end;
  }

  /** The number of the oldest item that is still here. */
  get start(): number {
    return Math.max(0, this.#end - capacity);
  }

  /** How many events were added or counted so far. */
  get events(): number {
    return this.#events;
  }

  add(item: LiveItem): void {
    this.#items[this.#end % capacity] = item;
    this.#end += 1;
    if (item.kind === "event") this.count(item.event.source ?? item.event.channels[0]?.name ?? "");
  }

  /** An event that is not shown. */
  count(source: string, by = 1): void {
    this.#events += by;
    this.#counts.set(source, (this.#counts.get(source) ?? 0) + by);
  }

  at(number: number): LiveItem | undefined {
    return number < this.start || number >= this.#end ? undefined : this.#items[number % capacity];
  }

  /** By source, of all time. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
