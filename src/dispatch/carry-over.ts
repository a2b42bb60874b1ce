// A session that an earlier leader served: events that its client's stream took from that leader are marked
// as sent, whatever the journal says, and events still on their way into that stream are not sent again while
// the session lives.

import { type DispatchContext, finish, isComplete } from "./context.ts";
import { readDeliveryOptions } from "./delivery-options.ts";
import { isUnsent } from "./entries.ts";
import type { SessionSlot } from "./session-registry.ts";

export interface CarriedState {
  /** Ids of events that the client's stream took recently. */
  readonly taken: ReadonlySet<string>;
  /** Handed to the stream, but not taken yet. */
  readonly writing: ReadonlySet<string>;
  /** Called for each of `writing` when the client's stream has taken it. */
  onTaken(listener: (eventId: string) => void): void;
}

/** Settles when everything that the session received is in the journal. */
export async function carryOver(
  context: DispatchContext,
  slot: SessionSlot,
  carried: CarriedState,
): Promise<void> {
  for (const eventId of carried.writing) slot.writing.add(eventId);
  carried.onTaken((eventId) => {
    if (slot.writing.delete(eventId)) void reportTaken(context, slot, eventId);
  });
  await Promise.all([...carried.taken].map((eventId) => reportTaken(context, slot, eventId)));
}

async function reportTaken(context: DispatchContext, slot: SessionSlot, eventId: string): Promise<void> {
  const entries = context.journal.entries(eventId).filter(isUnsent);
  if (entries.length === 0) return;
  const deliveries = await context.journal.deliveries(entries);
  for (const [index, entry] of entries.entries()) {
    const delivery = deliveries[index];
    if (delivery === undefined) continue; // Dispatch finds the same entries, and reports them.
    const options = readDeliveryOptions(delivery.terms);
    if (!context.registry.matches(options, slot)) continue;
    if (options.to === "all") {
      slot.taken.add(entry.position);
      context.rounds.add(entry.position);
      if (!isComplete(context, entry, options)) continue;
    }
    const attempt = Math.max(1, entry.attempt);
    finish(context, entry, options, {
      session: slot.session.id,
      attempt,
      reason: "an earlier leader sent it",
    });
  }
}
