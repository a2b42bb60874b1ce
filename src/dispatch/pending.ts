// What a session fetches by itself: everything that waits for it and is not pushed. Fetching is a delivery like any other:
// claimed and noted first, `sent` when the result was written.

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

export interface Fetched {
  /** Oldest first. */
  readonly events: readonly Rendered[];
  /** How many more wait. */
  readonly left: number;
  /** The client's stream took the result: they are sent. Idempotent, as is `abandon`; the first of both counts. */
  confirm(): void;
  /** Nothing of the result was written: they wait as before. */
  abandon(): void;
}

/** Fetches that are neither confirmed nor abandoned when the session ends may have been read. */
export interface Pending {
  /** Rejects with a DeliveryError when the journal takes no note of it: nothing was fetched. */
  fetch(seat: SessionSlot, limit: number): Promise<Fetched>;
  end(seat: SessionSlot): void;
  /** Settles when no result is being written, to this session or to any. */
  quiet(seat?: SessionSlot): Promise<void>;
}

interface Found {
  readonly entry: OpenEntry;
  readonly delivery: Delivery | undefined;
}

export function createPending(desk: DispatchContext): Pending {
  const { journal, claims, roster } = desk;
  const open = new Map<SessionSlot, Set<() => void>>();
  const onSettled = new Set<() => void>();
  let count = 0;

  const isQuiet = (seat: SessionSlot | undefined) =>
    seat === undefined
      ? [...open.values()].every(({ size }) => size === 0)
      : (open.get(seat)?.size ?? 0) === 0;

  /** What waits for the session, of one kind, in order. */
  async function* waitingFor(seat: SessionSlot, unproven: boolean): AsyncGenerator<Found, undefined> {
    let after = 0;
    for (let turns = 1; !seat.isGone; turns++) {
      const page = journal.page({ states: unsent, unproven, after, limit: pageSize });
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.position;
      const waiting = page.filter((entry) => seat.waiting.has(entry.position));
      const deliveries = waiting.length === 0 ? [] : await journal.deliveries(waiting);
      for (const [index, entry] of waiting.entries()) yield { entry, delivery: deliveries[index] };
      if (turns % 16 === 0) await yieldToEventLoop();
    }
  }

  /** Claims it if it can still be had. */
  function take(seat: SessionSlot, { entry, delivery }: Found): InFlight | undefined {
    if (!seat.waiting.has(entry.position) || claims.has(entry, seat.session.id)) return undefined;
    if (endEarly(desk, entry, delivery) || delivery === undefined) return undefined;
    const terms = readDeliveryOptions(delivery.terms);
    if (terms.to === "all" ? seat.taken.has(entry.position) : claims.attemptOf(entry) !== undefined)
      return undefined;
    if (roster.isOnItsWay(entry.id, terms, seat)) return undefined;
    return reserve(desk, seat, entry, delivery, terms);
  }

  /** By turns of both kinds, so that however much anybody sent, the rest comes too; then in order. */
  async function collect(seat: SessionSlot, limit: number): Promise<InFlight[]> {
    const parcels: InFlight[] = [];
    let bytes = 0;
    let streams = [waitingFor(seat, false), waitingFor(seat, true)];
    while (streams.length > 0 && parcels.length < limit && bytes < maxBytes) {
      const [stream, ...others] = streams as [AsyncGenerator<Found>, ...AsyncGenerator<Found>[]];
      const { done, value } = await stream.next();
      if (done === true) {
        streams = others;
        continue;
      }
      const parcel = seat.isGone ? undefined : take(seat, value);
      if (parcel === undefined) continue;
      bytes += parcel.delivery.content.length;
      parcels.push(parcel);
      streams = [...others, stream];
    }
    return parcels.sort((one, other) => one.entry.position - other.entry.position);
  }

  return {
    async fetch(seat, limit) {
      const parcels = await collect(seat, limit);
      count += 1;
      const name = `${seat.session.id} pending ${count}`;
      const settle = (each: (parcel: InFlight) => void) => {
        if (open.get(seat)?.delete(ended) !== true) return;
        for (const parcel of parcels) each(parcel);
        claims.clear(name);
        for (const tell of onSettled) tell();
      };
      const giveBack = (parcel: InFlight) => claims.drop(parcel, seat.session.id);
      const ended = () =>
        settle((parcel) => markUnconfirmed(desk, seat, parcel, "the session ended before it was read"));
      open.set(seat, (open.get(seat) ?? new Set()).add(ended));
      if (parcels.length > 0) {
        try {
          await claims.note(name, parcels);
        } catch (error) {
          settle(giveBack);
          throw error;
        }
      }
      return {
        events: parcels.map(toRendered),
        left: Math.max(0, seat.waiting.count() - parcels.length),
        confirm: () =>
          settle((parcel) => {
            if (parcel.terms.to === "all") seat.fetched.add(parcel.id);
            follow(desk, seat, parcel.terms);
            desk.spend(seat.session.id, parcel);
            markSent(desk, seat, parcel);
            // Before the claim is cleared: otherwise a next owner could know of neither.
            if (parcel.terms.to === "all") desk.onFetched(seat);
          }),
        abandon: () => settle(giveBack),
      };
    },
    end(seat) {
      for (const ended of open.get(seat) ?? []) ended();
      open.delete(seat);
    },
    async quiet(seat) {
      while (!isQuiet(seat)) {
        await new Promise<void>((resolve) => {
          const tell = () => {
            onSettled.delete(tell);
            resolve();
          };
          onSettled.add(tell);
        });
      }
    },
  };
}
