// A session that an earlier owner served: what its client's stream took from it is sent, whatever the journal says, and what
// is still on its way into that stream is not sent again while the session lives.

import { type DispatchContext, finish, isComplete } from "./context.ts";
import { readDeliveryOptions } from "./delivery-options.ts";
import { isUnsent } from "./entries.ts";
import type { SessionSlot } from "./session-registry.ts";

export interface Carried {
  /** Ids of events that the client's stream took of late. */
  readonly taken: ReadonlySet<string>;
  /** Handed to it, and not taken yet. */
  readonly writing: ReadonlySet<string>;
  /** Called for each of `writing` when the client's stream has taken it. */
  onTaken(listener: (eventId: string) => void): void;
}

/** Settles when all that the session had is told. */
export async function carryOver(desk: DispatchContext, seat: SessionSlot, carried: Carried): Promise<void> {
  for (const eventId of carried.writing) seat.writing.add(eventId);
  carried.onTaken((eventId) => {
    if (seat.writing.delete(eventId)) void tellTaken(desk, seat, eventId);
  });
  await Promise.all([...carried.taken].map((eventId) => tellTaken(desk, seat, eventId)));
}

async function tellTaken(desk: DispatchContext, seat: SessionSlot, eventId: string): Promise<void> {
  const entries = desk.journal.entries(eventId).filter(isUnsent);
  if (entries.length === 0) return;
  const deliveries = await desk.journal.deliveries(entries);
  for (const [index, entry] of entries.entries()) {
    const delivery = deliveries[index];
    if (delivery === undefined) continue; // Dispatch finds the same, and tells it.
    const terms = readDeliveryOptions(delivery.terms);
    if (!desk.roster.matches(terms, seat)) continue;
    if (terms.to === "all") {
      seat.taken.add(entry.position);
      desk.rounds.add(entry.position);
      if (!isComplete(desk, entry, terms)) continue;
    }
    const attempt = Math.max(1, entry.attempt);
    finish(desk, entry, terms, {
      session: seat.session.id,
      attempt,
      reason: "an earlier owner sent it",
    });
  }
}
