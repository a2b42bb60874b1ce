// A session that an earlier leader served. Events that its client's stream took from that leader are marked as sent,
// whatever the journal says, unless the client logs what it shows and has not shown them. Events still on their way
// into that stream are not sent again while the session lives.

import type { DeliveryProof } from "../../journal/mark.ts";
import type { OpenEntry } from "../../journal/open-entries.ts";
import type { Delivery } from "../../journal/records.ts";
import { type DispatchContext, finish, isComplete, toRendered } from "../context.ts";
import { type DeliveryOptions, readDeliveryOptions } from "../delivery-options.ts";
import { findEntry, isUnsent, keyOf } from "../entries.ts";
import type { SessionSlot } from "../session-registry.ts";

export interface CarriedState {
  /** Deliveries (`EVENT/CHANNEL`, or `EVENT` for all its channels) that the client's stream took recently. */
  readonly taken: ReadonlySet<string>;
  /** Handed to the stream, but not taken yet. */
  readonly writing: ReadonlySet<string>;
  /** Called for each of `writing` when the client's stream has taken it. */
  onTaken(listener: (delivery: string) => void): void;
}

/** Settles when everything that the session received is in the journal. */
export async function carryOver(
  context: DispatchContext,
  slot: SessionSlot,
  carried: CarriedState,
): Promise<void> {
  for (const key of carried.writing)
    for (const entry of entriesOf(context, key)) slot.writing.add(keyOf(entry));
  carried.onTaken((key) => {
    const written = entriesOf(context, key).filter((entry) => slot.writing.has(keyOf(entry)));
    void reportTaken(context, slot, written);
  });
  await Promise.all([...carried.taken].map((key) => reportTaken(context, slot, entriesOf(context, key))));
}

/** The unsent entries that this is about. */
function entriesOf({ journal }: DispatchContext, key: string): OpenEntry[] {
  const [id = "", channel] = key.split("/");
  return journal
    .entries(id)
    .filter((entry) => isUnsent(entry) && (channel === undefined || entry.channel === channel));
}

async function reportTaken(
  context: DispatchContext,
  slot: SessionSlot,
  entries: readonly OpenEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  // No session gets them until it is known whether they arrived.
  for (const entry of entries) slot.writing.add(keyOf(entry));
  const deliveries = await context.journal.deliveries(entries);
  for (const [index, entry] of entries.entries()) {
    const delivery = deliveries[index];
    // Dispatch finds those that cannot be read, and reports them.
    const options = delivery === undefined ? undefined : readDeliveryOptions(delivery.terms);
    if (delivery === undefined || options === undefined || !context.registry.matches(options, slot)) {
      slot.writing.delete(keyOf(entry));
      context.revisit(entry.position);
    } else if (slot.session.wasShown === undefined) {
      slot.writing.delete(keyOf(entry));
      const now = findEntry(context.journal, entry);
      if (now !== undefined && isUnsent(now)) onTaken(context, slot, now, options, {});
    } else void awaitShown(context, slot, entry, delivery, options);
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
  slot.writing.delete(keyOf(entry));
  const now = findEntry(context.journal, entry);
  if (now === undefined || !isUnsent(now) || context.stopping.aborted) return;
  if (isShown !== false) onTaken(context, slot, now, options, isShown ? { shown: true } : {});
  else {
    const reason = "an earlier leader sent it, but the client did not show it";
    context.setState(now, { state: "held", session: slot.session.id, attempt, reason });
  }
  context.revisit(position);
}
