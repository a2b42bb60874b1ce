// What a session missed before it came: the oldest few are pushed one by one, `high` before the rest, so that order is kept, and
// what anybody could have sent after all that; all others stay where they are for `pending`, and one notice says how many and which. What arrived while it was there is no
// backlog, however much it is.

import type { OpenEntry } from "../journal/open-entries.ts";
import type { Delivery } from "../journal/records.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import type { DispatchContext } from "./context.ts";
import { unsent } from "./entries.ts";
import { isMissed, type SessionSlot, wasAnnounced } from "./session-registry.ts";
import { isCandidate, triage } from "./triage.ts";

const pageSize = 256;
const maxIds = 20;
/** How many are looked at ahead of what is sent; a page more may be. */
const maxHead = 32;
const lanes: readonly { readonly unproven: boolean; readonly priority?: "high" }[] = [
  { unproven: false, priority: "high" },
  { unproven: false },
  { unproven: true, priority: "high" },
  { unproven: true },
];

/** What was left for `pending` and not told yet: a pass may be broken off, or the disk may refuse the notice. */
export interface Unannounced {
  readonly channels: Map<string, number>;
  readonly ids: string[];
}

export function forget(untold: Unannounced): void {
  untold.channels.clear();
  untold.ids.length = 0;
}

/** One of the oldest few, which are pushed. */
export interface Head {
  readonly entry: OpenEntry;
  readonly delivery: Delivery;
}

export interface CatchUp {
  readonly limit: number;
  /** False when it must be done again. */
  isCurrent(): boolean;
  /** Sends these now: to sort out a million others takes many seconds. */
  send(head: readonly Head[]): Promise<void>;
}

/** Settles when the backlog is sorted out, or when `isCurrent` says that it must be done again. */
export async function catchUp(
  desk: DispatchContext,
  seat: SessionSlot,
  untold: Unannounced,
  { limit, isCurrent, send }: CatchUp,
): Promise<void> {
  let pushed = 0;
  const head: Head[] = [];
  const look = (entry: OpenEntry, delivery: Delivery | undefined) => {
    if (triage(desk, seat, entry, delivery).is !== "push") return;
    const isNew = !wasAnnounced(entry, seat);
    if (isNew) pushed += 1;
    if (isNew && pushed <= limit) {
      head.push({ entry, delivery: delivery as Delivery });
      return;
    }
    seat.waiting.add(entry.position, entry);
    if (!isNew) return;
    untold.channels.set(entry.channel, (untold.channels.get(entry.channel) ?? 0) + 1);
    if (untold.ids.length < maxIds) untold.ids.push(entry.id);
  };
  for (const lane of lanes) {
    let after = 0;
    for (let turns = 1; ; turns++) {
      const page = desk.journal.page({ states: unsent, after, limit: pageSize, ...lane });
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.position;
      const missed = page.filter(
        (entry) =>
          (isMissed(entry, seat) || wasAnnounced(entry, seat)) &&
          (lane.priority === "high" || entry.priority !== "high") &&
          isCandidate(desk, seat, entry),
      );
      const deliveries = missed.length === 0 ? [] : await desk.journal.deliveries(missed);
      if (!isCurrent()) return;
      for (const [index, entry] of missed.entries()) look(entry, deliveries[index]);
      if (head.length >= maxHead || (pushed >= limit && head.length > 0)) {
        await send(head.splice(0));
        if (!isCurrent()) return;
      }
      if (turns % 16 === 0) await yieldToEventLoop();
    }
  }
  if (untold.channels.size === 0) return;
  desk.onTold(seat);
  if (await desk.notices.backlog(seat.session.id, untold)) forget(untold);
}
