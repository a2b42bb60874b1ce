// Which session is about to be sent what. A reservation is written to the journal before any byte of the
// event is sent, so that a process that dies in between leaves a record of what may have been sent: its
// successor sends exactly that again, with `attempt`. The record is also the fence: a process that lost the
// journal cannot reserve, so it cannot send.
//
// A power cut takes what was not synced. Waiting for the disk before each delivery would double its latency, so the
// reservation of an event that came in just now is only written: after a power cut, all events that came in just
// before it count as possibly sent. The reservation of any other event is synced.

import type { Clock, Json } from "../contract.ts";
import { DeliveryError, isRouterError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import type { Member } from "../journal/records.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import { readDeliveryOptions } from "./delivery-options.ts";
import { type FinalState, findEntry, isUnsent, keyOf } from "./entries.ts";

const kind = "sending";

/** An event that came in within this time is sent without waiting for the disk. */
const quickMs = 5_000;
const pageSize = 256;

export interface Reservation extends Member {
  readonly attempt: number;
}

/** With what is known of the entry. */
export interface NotedReservation extends Reservation {
  readonly entry: Pick<OpenEntry, "state" | "changedMs">;
}

export interface Reservations {
  add(reservation: Reservation, sessionId: string): void;
  drop(entry: Member, sessionId: string): void;
  /** The attempt that is reserved for any session; undefined when there is none. */
  attemptOf(entry: Member): number | undefined;
  has(entry: Member, sessionId: string): boolean;
  size(): number;
  /**
   * Settles when nothing of it can be sent without a record; replaces what was noted under the same name. `written`: what was
   * sent by now and must stay in the record. Rejects as `Journal.jot` does.
   */
  note(
    name: string,
    reservations: readonly NotedReservation[],
    written?: readonly Reservation[],
  ): Promise<void>;
  /**
   * What was noted under a name is finished. If the journal cannot record that, the successor is only more
   * careful.
   */
  clear(name: string): void;
}

/** `isShaped`: whether events of the channel may be held back, so that they must not count as sent without a record. */
export function createReservations(
  journal: Pick<Journal, "jot" | "note">,
  clock: Clock,
  isShaped: (channel: string) => boolean,
): Reservations {
  // A later attempt says by itself that there was an earlier one.
  const isQuick = ({ channel, attempt, entry }: NotedReservation, nowMs: number) =>
    attempt > 1 ||
    (entry.state === "accepted" && Math.abs(nowMs - entry.changedMs) <= quickMs && !isShaped(channel));
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
    async note(name, of, written = []) {
      const value = [...written, ...of].map(({ id, channel, attempt }): Json => [id, channel, attempt]);
      const nowMs = clock.now();
      if (!of.every((one) => isQuick(one, nowMs))) {
        try {
          return await journal.note(kind, name, value);
        } catch (error) {
          // A full disk still takes what need not be synced, and what waits must be deliverable there.
          if (!(error instanceof DeliveryError) || error.code === "E_JOURNAL_CLOSED") throw error;
        }
      }
      await journal.jot(kind, name, value);
    },
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

/**
 * After a power cut: events that came in just before it may have been sent although no record of that was synced. They
 * go out again with `attempt`. Settles when all are marked; `isShaped`: see `createReservations`.
 */
export async function markPossiblySent(
  context: {
    readonly journal: Journal;
    readonly stopping: AbortSignal;
    setState(entry: OpenEntry, outcome: FinalState): Promise<void>;
  },
  sinceMs: number,
  isShaped: (channel: string) => boolean,
): Promise<void> {
  const { journal, stopping } = context;
  let after: number | undefined = 0;
  while (after !== undefined && !stopping.aborted) {
    const { entries, next } = journal.untouched(sinceMs, pageSize, after);
    const some = entries.filter(({ channel }) => !isShaped(channel));
    const deliveries = some.length === 0 ? [] : await journal.deliveries(some);
    let written: Promise<void> | undefined;
    for (const [index, entry] of some.entries()) {
      const { receipt } = readDeliveryOptions(deliveries[index]?.terms ?? {});
      // One that may be sent only once would never be sent: it must not be lost on a suspicion.
      if (receipt !== undefined && receipt.attempts < 2) continue;
      const reason = "it may have been sent just before the machine went down";
      written = context.setState(entry, { state: "held", attempt: 1, reason });
    }
    await written;
    after = next;
    if (after !== undefined) await yieldToEventLoop();
  }
}
