// From the items of an answer to events for the new ones. The first answer has nothing to compare with: its
// items are history, and only the requested number of them becomes events.

import type { Store } from "../contract/host.ts";
import type { Arrival, Clock, Emit } from "../contract.ts";
import { createHandOver, type HandOver } from "./hand-over.ts";
import { createSeenKeys } from "./seen-keys.ts";

export interface Item {
  readonly key: string;
  readonly arrival: Arrival;
}

export interface NewItems {
  /** Whether the items of an answer are known yet; false before the first. */
  isBegun(): boolean;
  isNew(key: string): boolean;
  /**
   * Takes all items of an answer, oldest first. Settles when all new ones are durable and will not become
   * events again; rejects when the signal fires before, and then the durable ones are known.
   */
  take(items: readonly Item[], signal: AbortSignal): Promise<void>;
  /**
   * Items of a paged first answer, whose next pages belong to it too: history, whatever number was requested.
   */
  pass(items: readonly Item[]): Promise<void>;
  /** See `HandOver.held`. */
  held(): string | undefined;
}

interface NewItemsOptions {
  readonly emit: Emit;
  readonly clock: Clock;
  readonly store: Store;
  /** How many of the newest items become events the first time; Infinity for all. */
  readonly backfill: number;
}

const begun = "begun";
/**
 * This many events may not yet be stored as seen: after a crash they come again, and more delivery ids than
 * this are remembered.
 */
const keepAfter = 1_000;

export function createNewItems({ emit, clock, store, backfill }: NewItemsOptions): NewItems {
  const seen = createSeenKeys(store);
  let handOver: HandOver | undefined;
  const isBegun = () => store.get(begun) === true;

  return {
    isBegun,
    isNew: (key) => !seen.has(key),
    held: () => handOver?.held(),
    async pass(items) {
      const keys = items.map(({ key }) => key);
      await seen.add(keys, new Set(keys));
    },
    async take(items, signal) {
      const current = new Map(items.map((item) => [item.key, item]));
      const first = isBegun() ? 0 : Math.max(0, current.size - backfill);
      const fresh = [...current.values()].slice(first).filter(({ key }) => !seen.has(key));
      let safe = [...current.keys()].slice(0, first);
      const keep = async () => {
        const keys = safe;
        safe = [];
        await seen.add(keys, new Set(current.keys()));
      };
      handOver = createHandOver(emit, clock, signal);
      try {
        for (const { key, arrival } of fresh) {
          // The same item read again after a crash is the same delivery.
          await handOver.give({ ...arrival, deliveryId: key }, () => safe.push(key));
          if (safe.length >= keepAfter) await keep();
        }
        await handOver.settled();
      } finally {
        await keep();
      }
      if (!isBegun()) await store.set(begun, true);
    },
  };
}
