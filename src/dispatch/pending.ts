// What a session fetches by itself: everything that waits for it and is not pushed. A fetch is a delivery
// like any other: reserved and noted first, `sent` when the result was written.

import type { Rendered } from "../contract.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import type { Delivery } from "../journal/records.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import {
  type DispatchContext,
  follow,
  type InFlight,
  markSent,
  markUnconfirmed,
  reserve,
  toRendered,
} from "./context.ts";
import { readDeliveryOptions } from "./delivery-options.ts";
import { unsent } from "./entries.ts";
import type { SessionSlot } from "./session-registry.ts";
import { endEarly } from "./triage.ts";

const pageSize = 64;
const maxBytes = 256 * 1024;

export interface FetchResult {
  /** Oldest first. */
  readonly events: readonly Rendered[];
  /** How many more wait. */
  readonly left: number;
  /**
   * The client's stream took the result: the events are sent. Idempotent, as is `abandon`; the first call of
   * either counts.
   */
  confirm(): void;
  /** Nothing of the result was written: the events wait as before. */
  abandon(): void;
}

/** Fetches that are neither confirmed nor abandoned when the session ends may have been read. */
export interface PendingEvents {
  /**
   * Rejects with a DeliveryError when the journal cannot record the fetch; then nothing was fetched. `isComplete`:
   * everything that waits for the session is known.
   */
  fetch(slot: SessionSlot, limit: number, isComplete: boolean): Promise<FetchResult>;
  end(slot: SessionSlot): void;
  /** Settles when no result is being written, to this session or to any. */
  idle(slot?: SessionSlot): Promise<void>;
}

interface Found {
  readonly entry: OpenEntry;
  readonly delivery: Delivery | undefined;
}

function markFetched(context: DispatchContext, slot: SessionSlot, inFlight: InFlight): void {
  if (inFlight.options.to === "all") slot.fetched.add(inFlight.id);
  follow(context, slot, inFlight.options);
  context.spend(slot.session.id, inFlight);
  markSent(context, slot, inFlight, { read: true });
  // Before the reservation is cleared: otherwise the next leader might know of neither.
  if (inFlight.options.to === "all") context.onFetched(slot);
}

export function createPending(context: DispatchContext): PendingEvents {
  const { journal, reservations, registry } = context;
  const open = new Map<SessionSlot, Set<() => void>>();
  const onSettled = new Set<() => void>();
  let count = 0;

  const isQuiet = (slot: SessionSlot | undefined) =>
    slot === undefined
      ? [...open.values()].every(({ size }) => size === 0)
      : (open.get(slot)?.size ?? 0) === 0;

  /** What waits for the session, of one kind, in order. */
  async function* waitingFor(slot: SessionSlot, unproven: boolean): AsyncGenerator<Found, undefined> {
    let after = 0;
    for (let turns = 1; !slot.isGone; turns++) {
      const page = journal.page({ states: unsent, unproven, after, limit: pageSize });
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.position;
      const waiting = page.filter((entry) => slot.waiting.has(entry.position));
      const deliveries = waiting.length === 0 ? [] : await journal.deliveries(waiting);
      for (const [index, entry] of waiting.entries()) yield { entry, delivery: deliveries[index] };
      if (turns % 16 === 0) await yieldToEventLoop();
    }
  }

  /** Reserves it if it is still available. */
  function take(slot: SessionSlot, { entry, delivery }: Found): InFlight | undefined {
    if (!slot.waiting.has(entry.position) || reservations.has(entry, slot.session.id)) return undefined;
    if (endEarly(context, entry, delivery, context.clock.now()) || delivery === undefined) return undefined;
    const options = readDeliveryOptions(delivery.terms);
    if (options.to === "all" ? slot.taken.has(entry.position) : reservations.attemptOf(entry) !== undefined)
      return undefined;
    if (registry.isOnItsWay(entry, options, slot)) return undefined;
    return reserve(context, slot, entry, delivery, options);
  }

  /**
   * Takes both kinds in turn, so that a flood of unproven events cannot displace the others; then sorts by
   * order.
   */
  async function collect(slot: SessionSlot, limit: number): Promise<InFlight[]> {
    const taken: InFlight[] = [];
    let bytes = 0;
    let streams = [waitingFor(slot, false), waitingFor(slot, true)];
    while (streams.length > 0 && taken.length < limit && bytes < maxBytes) {
      const [stream, ...others] = streams as [AsyncGenerator<Found>, ...AsyncGenerator<Found>[]];
      const { done, value } = await stream.next();
      if (done === true) {
        streams = others;
        continue;
      }
      const inFlight = slot.isGone ? undefined : take(slot, value);
      if (inFlight === undefined) continue;
      bytes += inFlight.delivery.content.length;
      taken.push(inFlight);
      streams = [...others, stream];
    }
    return taken.sort((one, other) => one.entry.position - other.entry.position);
  }

  return {
    async fetch(slot, limit, isComplete) {
      const taken = await collect(slot, limit);
      count += 1;
      const name = `${slot.session.id} pending ${count}`;
      const settle = (each: (inFlight: InFlight) => void) => {
        if (open.get(slot)?.delete(ended) !== true) return false;
        for (const inFlight of taken) each(inFlight);
        reservations.clear(name);
        for (const setState of onSettled) setState();
        return true;
      };
      const giveBack = (inFlight: InFlight) => reservations.drop(inFlight, slot.session.id);
      const ended = () =>
        settle((inFlight) =>
          markUnconfirmed(context, slot, inFlight, "the session ended before it was read"),
        );
      open.set(slot, (open.get(slot) ?? new Set()).add(ended));
      if (taken.length > 0) {
        try {
          await reservations.note(name, taken);
        } catch (error) {
          settle(giveBack);
          throw error;
        }
      }
      // What is left is counted in the result.
      const answered = context.doorbell.counted(slot, isComplete);
      return {
        events: taken.map(toRendered),
        left: Math.max(0, slot.waiting.count() - taken.length),
        confirm() {
          if (settle((inFlight) => markFetched(context, slot, inFlight))) answered();
        },
        abandon() {
          settle(giveBack);
        },
      };
    },
    end(slot) {
      for (const ended of open.get(slot) ?? []) ended();
      open.delete(slot);
    },
    async idle(slot) {
      while (!isQuiet(slot)) {
        await new Promise<void>((resolve) => {
          const setState = () => {
            onSettled.delete(setState);
            resolve();
          };
          onSettled.add(setState);
        });
      }
    },
  };
}
