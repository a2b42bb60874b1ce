// What the parts of dispatch share: the journal, the sessions, who is about to be sent what; and the one way in which they
// tell what became of an entry.

import type { Clock, Log, Rendered } from "../contract.ts";
import { DeliveryError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import { type Delivery, isFinal, type StateChange } from "../journal/records.ts";
import type { PositionSet } from "../journal/table/position-set.ts";
import { neutralise } from "../text/neutralise.ts";
import { line } from "../text.ts";
import type { Breaker } from "./breaker.ts";
import type { Deadlines } from "./deadlines.ts";
import type { DeliveryOptions } from "./delivery-options.ts";
import { findEntry } from "./entries.ts";
import type { Notices } from "./notices.ts";
import type { PassedOver } from "./passed-over.ts";
import type { Reservations } from "./reservations.ts";
import type { SessionRegistry, SessionSlot } from "./session-registry.ts";
import type { Silences } from "./silences.ts";
import type { Sticky } from "./sticky.ts";

export type FinalState = Omit<StateChange, "id" | "channel">;

export interface DispatchContext {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly roster: SessionRegistry;
  readonly claims: Reservations;
  readonly sticky: Sticky;
  readonly passedOver: PassedOver;
  readonly silences: Silences;
  readonly breaker: Breaker;
  readonly notices: Notices;
  /** Events for `all` that some sessions got by now and others have not: these get the same attempt. */
  readonly rounds: PositionSet;
  readonly ackDeadlines: Deadlines;
  readonly expiryDeadlines: Deadlines;
  /** Shaping's word: true while it keeps the entry back. */
  holds(entry: OpenEntry, delivery: Delivery, sessionId: string | undefined): boolean;
  /** The tokens of an event are being written to a session. */
  spend(sessionId: string, parcel: InFlight): void;
  /** They were not written after all. */
  refund(sessionId: string, parcel: InFlight): void;
  /** Settles when it is written, or cannot be; it holds from the call on. */
  tell(entry: OpenEntry, fate: FinalState): Promise<void>;
  /** After a change of owner the sessions come back one by one: false until then, and nothing is sent or said to wait. */
  isSettled(): boolean;
  /** An entry at this position, or behind it, may be the session's now: it looks again if it was past it. */
  offer(seat: SessionSlot, position: number): void;
  /** The session's client has not read for long, or reads again. */
  onStuck(seat: SessionSlot, isStuck: boolean): void;
  /** What waits for the session has changed by something that the next owner cannot find out by itself. */
  onTold(seat: SessionSlot): void;
  /** It has fetched an event for `all`. */
  onFetched(seat: SessionSlot): void;
  /** Fired when dispatch stops: nothing is begun any more. */
  readonly stopping: AbortSignal;
  /** The journal belongs to somebody else now. */
  onJournalEnded(): void;
}

/** One entry on its way to one session. */
export interface InFlight {
  readonly id: string;
  readonly channel: string;
  readonly entry: OpenEntry;
  readonly delivery: Delivery;
  readonly terms: DeliveryOptions;
  readonly attempt: number;
}

export function createReport(
  { journal, log, roster }: Pick<DispatchContext, "journal" | "log" | "roster">,
  observe: ((change: StateChange) => void) | undefined,
): DispatchContext["tell"] {
  return ({ id, channel, position }, fate) => {
    const change = { id, channel, ...fate };
    if (isFinal(change) || change.state === "sent")
      for (const seat of roster.all()) seat.waiting.delete(position);
    const written = journal.mark(change).catch((error) => {
      // It stands in RAM. When the journal ended first, the next owner finds the claim and sends again with `attempt`.
      if (!(error instanceof DeliveryError)) throw error;
      if (error.code !== "E_JOURNAL_CLOSED") log.warn(line`event ${id}: ${error.message}`);
    });
    observe?.(change);
    return written;
  };
}

/** Claims an entry for a session: nobody else will send it (`all`: to this session) until the claim is dropped. */
export function reserve(
  desk: DispatchContext,
  seat: SessionSlot,
  entry: OpenEntry,
  delivery: Delivery,
  terms: DeliveryOptions,
): InFlight {
  const { id, channel, position } = entry;
  const isRound = terms.to === "all" && desk.rounds.has(position);
  const attempt = desk.claims.attemptOf(entry) ?? (isRound ? Math.max(1, entry.attempt) : entry.attempt + 1);
  desk.claims.add({ id, channel, attempt }, seat.session.id);
  return { id, channel, entry, delivery, terms, attempt };
}

/** The conversation is this session's from now on. What goes to everybody says nothing about that. */
export function follow({ sticky }: DispatchContext, { session }: SessionSlot, terms: DeliveryOptions): void {
  if (terms.to !== "all") sticky.set(terms, session.id);
}

/** As the session gets it. */
export function toRendered({ id, channel, delivery, attempt }: InFlight): Rendered {
  const { meta, tokens } = delivery;
  // It was neutralised before it was kept. The journal is a file, and this its way out.
  const content = neutralise(delivery.content);
  if (attempt < 2) return { eventId: id, channel, content, meta, tokens };
  const again = ` attempt="${attempt}"`;
  return {
    eventId: id,
    channel,
    content,
    meta: { ...meta, attempt: String(attempt) },
    tokens: tokens + Math.ceil(again.length / 4),
  };
}

/** The client's stream took it: the end, unless others are still to get it or a receipt is awaited. */
export function markSent(
  desk: DispatchContext,
  seat: SessionSlot,
  { entry, terms, attempt }: InFlight,
): void {
  const session = seat.session.id;
  desk.claims.drop(entry, session);
  if (findEntry(desk.journal, entry) === undefined) return; // Acknowledged before we heard that it was written.
  if (terms.to === "all") {
    seat.taken.add(entry.position);
    seat.waiting.delete(entry.position);
    desk.rounds.add(entry.position);
    if (!isComplete(desk, entry, terms)) {
      desk.tell(entry, {
        state: "held",
        session,
        attempt,
        reason: "sent; other sessions are still to get it",
      });
      return;
    }
  }
  finish(desk, entry, terms, { session, attempt });
}

/**
 * Whether every session that an event for `all` can be pushed to has it, or, when there is none, every session that can fetch it;
 * and none is starting that it is for.
 */
export function isComplete(
  { roster, isSettled }: DispatchContext,
  entry: OpenEntry,
  terms: DeliveryOptions,
): boolean {
  if (!isSettled() || roster.expects(terms)) return false;
  return roster.targets(terms, entry).pull.every(({ taken }) => taken.has(entry.position));
}

export function finish(
  desk: DispatchContext,
  entry: OpenEntry,
  { receipt }: DeliveryOptions,
  more: Pick<StateChange, "session" | "attempt" | "reason">,
): void {
  desk.tell(entry, { state: "sent", final: receipt === undefined, ...more });
  if (receipt !== undefined) desk.ackDeadlines.add(desk.clock.now() + receipt.ackWithinMs);
}

/** It may or may not have reached the client. Whoever gets it next gets it with a higher attempt. */
export function markUnconfirmed(
  desk: DispatchContext,
  seat: SessionSlot,
  { entry, attempt }: InFlight,
  reason: string,
): void {
  desk.claims.drop(entry, seat.session.id);
  desk.tell(entry, { state: "held", session: seat.session.id, attempt, reason });
}
