// A session that an earlier leader served. Events that its client's stream took from that leader are marked as sent,
// whatever the journal says, unless the client logs what it shows and has not shown them. Events still on their way
// into that stream are not sent again while the session lives.

import type { DeliveryProof } from "../../journal/mark.ts";
import type { OpenEntry } from "../../journal/open-entries.ts";
import type { Delivery } from "../../journal/records.ts";
import { type DispatchContext, finish, isComplete, toRendered } from "../context.ts";
import { type DeliveryOptions, readDeliveryOptions } from "../delivery-options.ts";
import { findEntry, isUnsent } from "../entries.ts";
import type { SessionSlot } from "../session-registry.ts";

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
    if (slot.session.wasShown === undefined) onTaken(context, slot, entry, options, {});
    else {
      // No session gets it until that is known.
      slot.writing.add(eventId);
      void awaitShown(context, slot, entry, delivery, options);
    }
  }
}

function onTaken(
  context: DispatchContext,
  slot: SessionSlot,
  entry: OpenEntry,
  options: DeliveryOptions,
  proof: DeliveryProof,
): void {
  if (options.to === "all") {
    slot.taken.add(entry.position);
    context.rounds.add(entry.position);
    if (!isComplete(context, entry, options)) return;
  }
  const attempt = Math.max(1, entry.attempt);
  const reason = "an earlier leader sent it";
  finish(context, entry, options, { session: slot.session.id, attempt, ...proof, reason });
}

/** The stream of the client took it, but a client that logs what it shows may have dropped it. */
async function awaitShown(
  context: DispatchContext,
  slot: SessionSlot,
  entry: OpenEntry,
  delivery: Delivery,
  options: DeliveryOptions,
): Promise<void> {
  const { id, channel, position } = entry;
  const attempt = Math.max(1, entry.attempt);
  const kept = await context.journal.read(id);
  const arrivedMs = kept?.type === "event" ? kept.event.timeMs : (kept?.timeMs ?? 0);
  const rendered = toRendered({ id, channel, entry, delivery, options, attempt });
  const isShown = await slot.session.wasShown?.(rendered, arrivedMs);
  slot.writing.delete(id);
  const now = findEntry(context.journal, entry);
  if (now === undefined || !isUnsent(now) || context.stopping.aborted) return;
  if (isShown !== false) onTaken(context, slot, now, options, isShown ? { shown: true } : {});
  else {
    const reason = "an earlier leader sent it, but the client did not show it";
    context.setState(now, { state: "held", session: slot.session.id, attempt, reason });
  }
  context.revisit(position);
}
