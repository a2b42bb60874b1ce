// What a session missed before it came: the oldest few are pushed one by one, `high` before the rest, so that order is kept;
// all others stay where they are for `pending`, and one notice says how many and which. What arrived while it was there is no
// backlog, however much it is.

import type { Desk } from "./desk.ts";
import { breathe, unsent } from "./entries.ts";
import { hasBeenTold, isMissed, type Seat } from "./roster.ts";
import { isCandidate, triage } from "./triage.ts";

const pageSize = 256;
const maxIds = 20;

/** What was left for `pending` and not told yet: a pass may be broken off, or the disk may refuse the notice. */
export interface Untold {
  readonly channels: Map<string, number>;
  readonly ids: string[];
}

export function forget(untold: Untold): void {
  untold.channels.clear();
  untold.ids.length = 0;
}

/** Settles when the backlog is sorted out, or when `isCurrent` says that it must be done again. */
export async function catchUp(
  desk: Desk,
  seat: Seat,
  untold: Untold,
  limit: number,
  isCurrent: () => boolean,
): Promise<void> {
  let pushed = 0;
  for (const priority of ["high", undefined] as const) {
    let after = 0;
    for (let turns = 1; ; turns++) {
      const query = priority === undefined ? {} : { priority };
      const page = desk.journal.page({ states: unsent, after, limit: pageSize, ...query });
      const last = page.at(-1);
      if (last === undefined) break;
      after = last.position;
      const missed = page.filter(
        (entry) =>
          (isMissed(entry, seat) || hasBeenTold(entry, seat)) &&
          (priority !== undefined || entry.priority !== "high") &&
          isCandidate(desk, seat, entry),
      );
      const deliveries = missed.length === 0 ? [] : await desk.journal.deliveries(missed);
      if (!isCurrent()) return;
      for (const [index, entry] of missed.entries()) {
        if (triage(desk, seat, entry, deliveries[index]).is !== "push") continue;
        const isNew = !hasBeenTold(entry, seat);
        if (isNew) pushed += 1;
        if (isNew && pushed <= limit) continue;
        seat.waiting.add(entry.position, entry);
        if (!isNew) continue;
        untold.channels.set(entry.channel, (untold.channels.get(entry.channel) ?? 0) + 1);
        if (untold.ids.length < maxIds) untold.ids.push(entry.id);
      }
      if (turns % 16 === 0) await breathe();
    }
  }
  if (untold.channels.size === 0) return;
  desk.onTold(seat);
  if (await desk.notices.backlog(seat.session.id, untold)) forget(untold);
}
