// Who is about to be sent what. A claim is noted in the journal before a byte of it is written, so that a process that dies
// in between leaves behind what may have been sent: its successor sends that again with `attempt`, and nothing else. The
// note is also the fence: a process that lost the journal cannot claim, so it cannot send. It need not outlive a power cut,
// which no session does.

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
  add(claim: Reservation, sessionId: string): void;
  drop(entry: Member, sessionId: string): void;
  /** The attempt that is claimed for any session; undefined when none is. */
  attemptOf(entry: Member): number | undefined;
  has(entry: Member, sessionId: string): boolean;
  size(): number;
  /** Settles when written; replaces what was noted under the same name. Rejects as `Journal.jot` does. */
  note(name: string, claims: readonly Reservation[]): Promise<void>;
  /** What was noted under a name came to its end. A journal that cannot write that down only makes a successor careful. */
  clear(name: string): void;
}

export function createReservations(journal: Pick<Journal, "jot">): Reservations {
  const claims = new Map<string, Map<string, number>>();
  return {
    add(claim, sessionId) {
      const holders = claims.get(keyOf(claim)) ?? new Map<string, number>();
      holders.set(sessionId, claim.attempt);
      claims.set(keyOf(claim), holders);
    },
    drop(entry, sessionId) {
      const holders = claims.get(keyOf(entry));
      holders?.delete(sessionId);
      if (holders?.size === 0) claims.delete(keyOf(entry));
    },
    attemptOf: (entry) => claims.get(keyOf(entry))?.values().next().value,
    has: (entry, sessionId) => claims.get(keyOf(entry))?.has(sessionId) ?? false,
    size: () => claims.size,
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

/** What an owner that died may have sent without saying so, as changes to be told before anything else. */
export function unsettledReservations(journal: Pick<Journal, "notes" | "entries">): {
  readonly changes: { readonly entry: OpenEntry; readonly fate: FinalState }[];
  readonly names: string[];
} {
  const changes: { readonly entry: OpenEntry; readonly fate: FinalState }[] = [];
  const notes = journal.notes(kind);
  for (const { key, value } of notes) {
    for (const item of Array.isArray(value) ? value : []) {
      const [id, channel, attempt] = Array.isArray(item) ? item : [];
      if (typeof id !== "string" || typeof channel !== "string" || typeof attempt !== "number") continue;
      const entry = findEntry(journal, { id, channel });
      if (entry === undefined || entry.attempt > attempt) continue;
      const session = key.split(" ")[0] as string;
      // The same attempt for another session: an event for all, which that one has and this one may have.
      const isRound = entry.attempt === attempt && entry.session !== session && isUnsent(entry);
      if (entry.attempt === attempt && !isRound) continue;
      const reason = "it may have been sent when the router ended";
      changes.push({
        entry,
        fate: { state: "held", attempt: isRound ? attempt + 1 : attempt, session, reason },
      });
    }
  }
  return { changes, names: notes.map(({ key }) => key) };
}
