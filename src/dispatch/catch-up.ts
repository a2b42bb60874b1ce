// What a session missed before it attached: the oldest few are pushed one by one, in order, `high` first and
// unproven events last. All others wait for `pending`, and one notice says how many and which. Events that
// arrive while the session is attached are not a backlog, however many they are.

import type { OpenEntry } from "../journal/open-entries.ts";
import type { Delivery } from "../journal/records.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import type { DispatchContext } from "./context.ts";
import { unsent } from "./entries.ts";
import { isMissed, type SessionSlot, wasAnnounced } from "./session-registry.ts";
import { isCandidate, keepWaiting, triage } from "./triage.ts";

const pageSize = 256;
const maxIds = 20;
/** How many entries are read ahead of sending; a page more is possible. */
const maxHead = 32;
const lanes: readonly { readonly unproven: boolean; readonly priority?: "high" }[] = [
  { unproven: false, priority: "high" },
  { unproven: false },
  { unproven: true, priority: "high" },
  { unproven: true },
];

/**
 * What was left for `pending` and not announced yet: a pass may be interrupted, or the disk may reject the
 * notice.
 */
export interface UnannouncedEvents {
  readonly channels: Map<string, number>;
  readonly ids: string[];
}

export function forget(unannounced: UnannouncedEvents): void {
  unannounced.channels.clear();
  unannounced.ids.length = 0;
}

/** One of the oldest few, which are pushed. */
export interface Head {
  readonly entry: OpenEntry;
  readonly delivery: Delivery;
}

export interface CatchUp {
  readonly limit: number;
  /** False when the pass must be repeated. */
  isCurrent(): boolean;
  /** From this position on, entries that wait for another session are looked at too. */
  offeredFrom(): number;
  /** Sends these now: sorting a million others takes many seconds. */
  send(head: readonly Head[]): Promise<void>;
}

/** Settles when the backlog is sorted, or when `isCurrent` says that the pass must be repeated. */
export async function catchUp(
  context: DispatchContext,
  slot: SessionSlot,
  unannounced: UnannouncedEvents,
  { limit, isCurrent, offeredFrom, send }: CatchUp,
): Promise<void> {
  let pushed = 0;
  const head: Head[] = [];
  const look = (entry: OpenEntry, delivery: Delivery | undefined) => {
    const result = triage(context, slot, entry, delivery);
    if (result.is !== "push") return;
    const isNew = !wasAnnounced(entry, slot);
    if (isNew) pushed += 1;
    if (isNew && pushed <= limit) {
      head.push({ entry, delivery: delivery as Delivery });
      return;
    }
    keepWaiting(context, slot, entry, result.options);
    if (!isNew) return;
    unannounced.channels.set(entry.channel, (unannounced.channels.get(entry.channel) ?? 0) + 1);
    if (unannounced.ids.length < maxIds) unannounced.ids.push(entry.id);
  };
  for (const lane of lanes) {
    let after = 0;
    for (let turns = 1; ; turns++) {
      const page = context.journal.page({ states: unsent, after, limit: pageSize, ...lane });
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.position;
      const missed = page.filter(
        (entry) =>
          (isMissed(entry, slot) || wasAnnounced(entry, slot)) &&
          (lane.priority === "high" || entry.priority !== "high") &&
          isCandidate(context, slot, entry, offeredFrom()),
      );
      const deliveries = missed.length === 0 ? [] : await context.journal.deliveries(missed);
      if (!isCurrent()) return;
      for (const [index, entry] of missed.entries()) look(entry, deliveries[index]);
      if (head.length >= maxHead || (pushed >= limit && head.length > 0)) {
        await send(head.splice(0));
        if (!isCurrent()) return;
      }
      if (turns % 16 === 0) await yieldToEventLoop();
    }
  }
  if (unannounced.channels.size === 0) return;
  context.onAnnounced(slot);
  if (await context.notices.backlog(slot.session.id, unannounced)) forget(unannounced);
}
