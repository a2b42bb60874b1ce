// Which session is about to be sent what. A reservation is written to the journal before any byte of the
// event is sent, so that a process that dies in between leaves a record of what may have been sent: its
// successor sends exactly that again, with `attempt`. The record is also the fence: a process that lost the
// journal cannot reserve, so it cannot send. It need not survive a power failure, because no session does.

import type { Json } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import type { Member } from "../journal/records.ts";
import type { FinalState } from "./context.ts";
import { findEntry, isUnsent, keyOf } from "./entries.ts";

const kind = "sending";

export interface Reservation extends Member {
  readonly attempt: number;
}

export interface Reservations {
  add(reservation: Reservation, sessionId: string): void;
  drop(entry: Member, sessionId: string): void;
  /** The attempt that is reserved for any session; undefined when there is none. */
  attemptOf(entry: Member): number | undefined;
  has(entry: Member, sessionId: string): boolean;
  size(): number;
  /** Settles when written; replaces what was noted under the same name. Rejects as `Journal.jot` does. */
  note(name: string, reservations: readonly Reservation[]): Promise<void>;
  /**
   * What was noted under a name is finished. If the journal cannot record that, the successor is only more
   * careful.
   */
  clear(name: string): void;
}

export function createReservations(journal: Pick<Journal, "jot">): Reservations {
  const reservations = new Map<string, Map<string, number>>();
  return {
    add(reservation, sessionId) {
      const holders = reservations.get(keyOf(reservation)) ?? new Map<string, number>();
      holders.set(sessionId, reservation.attempt);
      reservations.set(keyOf(reservation), holders);
    },
    drop(entry, sessionId) {
      const holders = reservations.get(keyOf(entry));
      holders?.delete(sessionId);
      if (holders?.size === 0) reservations.delete(keyOf(entry));
    },
    attemptOf: (entry) => reservations.get(keyOf(entry))?.values().next().value,
    has: (entry, sessionId) => reservations.get(keyOf(entry))?.has(sessionId) ?? false,
    size: () => reservations.size,
    note: (name, of) =>
      journal.jot(
        kind,
        name,
        of.map(({ id, channel, attempt }): Json => [id, channel, attempt]),
      ),
    clear(name) {
      journal.jot(kind, name, null).catch((error) => {
        if (!isRouterError(error)) throw error;
      });
    },
  };
}

/** What a leader that died may have sent without recording it, as state changes to apply first. */
export function unsettledReservations(journal: Pick<Journal, "notes" | "entries">): {
  readonly changes: { readonly entry: OpenEntry; readonly outcome: FinalState }[];
  readonly names: string[];
} {
  const changes: { readonly entry: OpenEntry; readonly outcome: FinalState }[] = [];
  const notes = journal.notes(kind);
  for (const { key, value } of notes) {
    for (const item of Array.isArray(value) ? value : []) {
      const [id, channel, attempt] = Array.isArray(item) ? item : [];
      if (typeof id !== "string" || typeof channel !== "string" || typeof attempt !== "number") continue;
      const entry = findEntry(journal, { id, channel });
      if (entry === undefined || entry.attempt > attempt) continue;
      const session = key.split(" ")[0] as string;
      // The same attempt for another session: an event for all sessions, which that one received and this one
      // may have received.
      const isRound = entry.attempt === attempt && entry.session !== session && isUnsent(entry);
      if (entry.attempt === attempt && !isRound) continue;
      const reason = "it may have been sent when the router ended";
      changes.push({
        entry,
        outcome: { state: "held", attempt: isRound ? attempt + 1 : attempt, session, reason },
      });
    }
  }
  return { changes, names: notes.map(({ key }) => key) };
}
