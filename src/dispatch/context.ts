// What the parts of dispatch share: the journal, the sessions, the reservations, and the one way to report
// the outcome of an entry.

import type { Clock, Log, Rendered } from "../contract.ts";
import { DeliveryError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import type { DeliveryProof } from "../journal/mark.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import { type Delivery, isFinal, type StateChange } from "../journal/records.ts";
import type { PositionSet } from "../journal/table/position-set.ts";
import { neutralise } from "../text/neutralise.ts";
import { tokensOf } from "../text/tokens.ts";
import { line } from "../text.ts";
import type { Breaker } from "./breaker.ts";
import type { Deadlines } from "./deadlines.ts";
import type { DeliveryOptions } from "./delivery-options.ts";
import type { Doorbell } from "./doorbell/doorbell.ts";
import { type FinalState, findEntry } from "./entries.ts";
import type { Notices } from "./notices.ts";
import type { SkippedEntries } from "./passed-over.ts";
import type { Reservations } from "./reservations.ts";
import type { SessionRegistry, SessionSlot } from "./session-registry.ts";
import type { Silences } from "./silences.ts";
import type { StickySessions } from "./sticky.ts";

export interface DispatchContext {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: SessionRegistry;
  readonly reservations: Reservations;
  readonly sticky: StickySessions;
  readonly passedOver: SkippedEntries;
  readonly silences: Silences;
  readonly breaker: Breaker;
  readonly notices: Notices;
  readonly doorbell: Pick<Doorbell, "waits" | "counted">;
  /** Events for `all` that some sessions got by now and others did not: those get the same attempt. */
  readonly rounds: PositionSet;
  readonly ackDeadlines: Deadlines;
  readonly expiryDeadlines: Deadlines;
  /** Asks shaping: true while it holds the entry. */
  holds(entry: OpenEntry, delivery: Delivery, sessionId: string | undefined, nowMs: number): boolean;
  /** The tokens of an event are being written to a session. */
  spend(sessionId: string, inFlight: InFlight): void;
  /** They were not written in the end. */
  refund(sessionId: string, inFlight: InFlight): void;
  /** Settles when it is written, or cannot be; it counts from the call on. */
  setState(entry: OpenEntry, outcome: FinalState): Promise<void>;
  /** A session's client took it. */
  readonly onWritten: ((written: WrittenDelivery) => void) | undefined;
  /**
   * After a change of leader the sessions return one by one: false until then, and nothing is sent or
   * announced.
   */
  isSettled(): boolean;
  /**
   * The entry at this position, or one behind it, may now belong to the session, which looks again if it was
   * past it.
   */
  offer(slot: SessionSlot, position: number): void;
  /** The entry at this position, or a later one, may have changed: all sessions look again. */
  revisit(position: number): void;
  /** The session's client has stopped reading, or reads again. */
  onStuck(slot: SessionSlot, isStuck: boolean): void;
  /** Asks the sessions now whether they listen. True when an answer has changed: then all workers scan again. */
  recheckSessions(): boolean;
  /** What waits for the session has changed in a way that the next leader cannot find out by itself. */
  onAnnounced(slot: SessionSlot): void;
  /** It has fetched an event for `all`. */
  onFetched(slot: SessionSlot): void;
  /** Fires when dispatch stops: nothing new is started. */
  readonly stopping: AbortSignal;
  /** Another process owns the journal now. */
  onJournalEnded(): void;
}

/** One entry on its way to one session. */
export interface InFlight {
  readonly id: string;
  readonly channel: string;
  readonly entry: OpenEntry;
  readonly delivery: Delivery;
  readonly options: DeliveryOptions;
  readonly attempt: number;
}

/** A line that a session's client took, for observers. */
export interface WrittenDelivery {
  readonly id: string;
  readonly channel: string;
  readonly session: string;
  readonly attempt: number;
  readonly tokens: number;
}

export function createReport(
  { journal, log, registry }: Pick<DispatchContext, "journal" | "log" | "registry">,
  observe: ((change: StateChange) => void) | undefined,
): DispatchContext["setState"] {
  return ({ id, channel, position }, outcome) => {
    const change = { id, channel, ...outcome };
    if (isFinal(change) || change.state === "sent")
      for (const slot of registry.all()) slot.waiting.delete(position);
    const written = journal.mark(change).catch((error) => {
      // The change is kept in RAM. If the journal ended first, the next leader finds the reservation and
      // sends again with `attempt`.
      if (!(error instanceof DeliveryError)) throw error;
      if (error.code !== "E_JOURNAL_CLOSED") log.warn(line`event ${id}: ${error.message}`);
    });
    observe?.(change);
    return written;
  };
}

/**
 * Reserves an entry for a session: nobody else sends it (`all`: to this session) until the reservation is
 * dropped.
 */
export function reserve(
  context: DispatchContext,
  slot: SessionSlot,
  entry: OpenEntry,
  delivery: Delivery,
  options: DeliveryOptions,
): InFlight {
  const { id, channel, position } = entry;
  const isRound = options.to === "all" && context.rounds.has(position);
  const attempt =
    context.reservations.attemptOf(entry) ?? (isRound ? Math.max(1, entry.attempt) : entry.attempt + 1);
  context.reservations.add({ id, channel, attempt }, slot.session.id);
  return { id, channel, entry, delivery, options, attempt };
}

/** Binds the conversation to this session. An event that goes to all sessions does not bind it. */
export function follow({ sticky }: DispatchContext, { session }: SessionSlot, terms: DeliveryOptions): void {
  if (terms.to !== "all") sticky.set(terms, session.id);
}

/** The event as the session receives it. */
export function toRendered({ id, channel, delivery, attempt }: InFlight): Rendered {
  const { meta, tokens } = delivery;
  // The content was neutralised before it was stored. The journal is a file, and this is where it leaves it.
  const content = neutralise(delivery.content);
  if (attempt < 2) return { eventId: id, channel, content, meta, tokens };
  const again = ` attempt="${attempt}"`;
  return {
    eventId: id,
    channel,
    content,
    meta: { ...meta, attempt: String(attempt) },
    tokens: tokens + tokensOf(again.length),
  };
}

/**
 * The client's stream took it. That is final, unless other sessions still need it or a receipt is expected.
 * `proof`: that it got to Claude.
 */
export function markSent(
  context: DispatchContext,
  slot: SessionSlot,
  { entry, options, attempt }: InFlight,
  proof: DeliveryProof = {},
): void {
  const session = slot.session.id;
  context.reservations.drop(entry, session);
  if (findEntry(context.journal, entry) === undefined) return; // It was acknowledged before the write was confirmed.
  if (options.to === "all") {
    slot.taken.add(entry.position);
    slot.waiting.delete(entry.position);
    context.rounds.add(entry.position);
    if (!isComplete(context, entry, options)) {
      context.setState(entry, {
        state: "held",
        session,
        attempt,
        ...proof,
        reason: "sent; other sessions have not received it yet",
      });
      return;
    }
  }
  finish(context, entry, options, { session, attempt, ...proof });
}

/**
 * Whether an event for `all` has reached every session that it can be pushed to or, when there is none, every
 * session that can fetch it, and no session that it is for is still starting.
 */
export function isComplete(
  { registry, isSettled }: DispatchContext,
  entry: OpenEntry,
  terms: DeliveryOptions,
): boolean {
  if (!isSettled() || registry.expects(terms)) return false;
  return registry.targets(terms, entry).pull.every(({ taken }) => taken.has(entry.position));
}

export function finish(
  context: DispatchContext,
  entry: OpenEntry,
  { receipt }: DeliveryOptions,
  more: DeliveryProof & Pick<StateChange, "session" | "attempt" | "reason">,
): void {
  context.setState(entry, { state: "sent", final: receipt === undefined, ...more });
  if (receipt !== undefined) context.ackDeadlines.add(context.clock.now() + receipt.ackWithinMs);
}

/** It may or may not have reached the client. The next session gets it with a higher attempt. */
export function markUnconfirmed(
  context: DispatchContext,
  slot: SessionSlot,
  { entry, attempt }: InFlight,
  reason: string,
): void {
  context.reservations.drop(entry, slot.session.id);
  context.setState(entry, { state: "held", session: slot.session.id, attempt, reason });
}
