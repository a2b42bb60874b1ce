// The sessions that are attached, and what dispatch remembers about each: a few bits per event, never its
// text.

import type { Journal } from "../journal/journal.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import type { Member } from "../journal/records.ts";
import { createPositionSet, type PositionSet } from "../journal/table/position-set.ts";
import { type Candidate, chooseOne, type Match, type SessionRank } from "./choose-session.ts";
import type { DeliveryOptions } from "./delivery-options.ts";
import { keyOf } from "./entries.ts";
import type { DispatchSession, Listening } from "./session.ts";
import type { StickySessions } from "./sticky.ts";
import { createWaitingList, type WaitingList } from "./waiting-list.ts";

export interface SessionSlot extends Candidate {
  readonly session: DispatchSession;
  /**
   * The name of its reservations in the journal. Not the session's id: a session that attaches again gets a
   * new slot.
   */
  readonly reservationName: string;
  rank: SessionRank;
  listening: Listening;
  /** As last asked. */
  name: string | undefined;
  /** `ready` has settled. */
  isReady: boolean;
  /** It is starting and will most likely listen: events for `all` include it. */
  isExpected: boolean;
  isGone: boolean;
  /** Its own `ready` has settled, although other sessions may not be back yet. */
  hasStarted: boolean;
  /** Its client has not read for a while: events that others can take go to them. */
  isStuck: boolean;
  /** It was ready but could not be pushed to. */
  wasDeaf: boolean;
  /** Events that arrived before this were missed by the session: a backlog, to catch up with. */
  sinceMs: number;
  /** Announced to it, or held for it: not pushed, fetched with `pending`. */
  readonly waiting: WaitingList;
  /** Whether an earlier leader announced that this position waits for its `pending`. */
  isAnnounced(position: number): boolean;
  /** Deliveries (`keyOf`) that its client's stream may still take from an earlier leader, or of which it is not known. */
  readonly writing: Set<string>;
  /** For other sessions by their delivery options, whichever sessions are attached. */
  readonly foreign: PositionSet;
  /** Events for `all` that it received and others have not yet. */
  readonly taken: PositionSet;
  /**
   * Ids of those that it fetched: the next leader cannot learn of them from its process, as it can of those
   * that were pushed.
   */
  readonly fetched: Set<string>;
}

export interface Targets {
  /** To be written to each of these. */
  readonly push: readonly SessionSlot[];
  /** Sessions that may fetch it: when none can be pushed to, every session it is for. */
  readonly pull: readonly SessionSlot[];
}

export interface SessionRegistry {
  add(session: DispatchSession): SessionSlot;
  remove(slot: SessionSlot): void;
  get(sessionId: string): SessionSlot | undefined;
  all(): readonly SessionSlot[];
  matches(terms: DeliveryOptions, slot: SessionSlot): boolean;
  targets(terms: DeliveryOptions, entry: OpenEntry): Targets;
  /**
   * Whether this event may still reach this session from an earlier leader; for an event that is not for all,
   * any session.
   */
  isOnItsWay(delivery: Member, terms: DeliveryOptions, slot: SessionSlot): boolean;
  /**
   * Whether it waits for another session alone: then it is not for this one, and its text need not be read to know.
   * A conversation that has moved since is an exception; see `SessionWorker.offer`.
   */
  isWithAnother({ position, attempt }: OpenEntry, slot: SessionSlot): boolean;
  /** Whether a session that it is for is still starting. */
  expects(terms: DeliveryOptions): boolean;
  /** Asks every session whether it listens. True when an answer changed what it may be sent. */
  refresh(nowMs: number): boolean;
}

const nobody: readonly SessionSlot[] = [];
const announcedNothing = () => false;

/** It arrived before the session attached, or while the session did not listen. */
export function isMissed({ changedMs }: OpenEntry, { sinceMs }: Pick<SessionSlot, "sinceMs">): boolean {
  return changedMs < sinceMs;
}

/**
 * Whether it was announced for the session's `pending`, by this leader or an earlier one, and never sent
 * since.
 */
export function wasAnnounced(
  { position, attempt }: OpenEntry,
  { waiting, isAnnounced }: SessionSlot,
): boolean {
  return attempt === 0 && (waiting.has(position) || isAnnounced(position));
}

export function createSessionRegistry(
  journal: Pick<Journal, "entries">,
  match: Match,
  sticky: StickySessions,
): SessionRegistry {
  const slots: SessionSlot[] = [];
  let count = 0;
  return {
    add(session) {
      const slot: SessionSlot = {
        session,
        reservationName: `${session.id} push ${++count}`,
        rank: 0,
        listening: session.listening(),
        name: session.name?.(),
        isReady: false,
        isExpected: true,
        isGone: false,
        hasStarted: false,
        isStuck: false,
        wasDeaf: false,
        sinceMs: session.startedMs,
        waiting: createWaitingList(journal),
        isAnnounced: announcedNothing,
        writing: new Set(),
        foreign: createPositionSet(),
        taken: createPositionSet(),
        fetched: new Set(),
      };
      slots.push(slot);
      return slot;
    },
    remove(slot) {
      slots.splice(slots.indexOf(slot), 1);
    },
    get: (sessionId) => slots.find(({ session }) => session.id === sessionId),
    all: () => slots,
    matches: ({ to }, { session }) => match(to, session),
    isOnItsWay(delivery, { to }, slot) {
      const key = keyOf(delivery);
      return to === "all" ? slot.writing.has(key) : slots.some(({ writing }) => writing.has(key));
    },
    isWithAnother: ({ position, attempt }, slot) =>
      attempt === 0 &&
      slots.some(
        (other) =>
          other !== slot &&
          other.rank > 0 &&
          other.rank >= slot.rank &&
          !other.isStuck &&
          other.waiting.isOurs(position),
      ),
    targets(terms, entry) {
      const matching = slots.filter(({ session }) => match(terms.to, session));
      const pushable = matching.filter(({ rank }) => rank > 0);
      if (pushable.length === 0) return { push: nobody, pull: matching };
      if (terms.to === "all" || pushable.length === 1) return { push: pushable, pull: pushable };
      const reading = pushable.filter(({ isStuck }) => !isStuck);
      const chosen = chooseOne(reading.length > 0 ? reading : pushable, terms, {
        lastId: entry.attempt > 0 ? entry.session : undefined,
        stickyId: sticky.sessionOf(terms),
        tie: (slot) => (wasAnnounced(entry, slot) ? 2 : isMissed(entry, slot) ? 0 : 1),
      });
      const one = chosen === undefined ? nobody : [chosen];
      return { push: one, pull: one };
    },
    expects: ({ to }) => slots.some(({ isExpected, session }) => isExpected && match(to, session)),
    refresh(nowMs) {
      let changed = false;
      for (const slot of slots) {
        slot.listening = slot.session.listening();
        const name = slot.session.name?.();
        if (name !== slot.name) {
          slot.name = name;
          // Other events may be for it now.
          slot.foreign.clear();
          changed = true;
        }
        const rank = slot.isReady && !slot.isGone ? rankOf(slot.listening) : 0;
        if (slot.isReady && rank === 0) slot.wasDeaf = true;
        if (rank === slot.rank) continue;
        changed = true;
        if (slot.rank === 0) {
          slot.waiting.clear();
          if (slot.wasDeaf) {
            slot.sinceMs = nowMs;
            slot.isAnnounced = announcedNothing;
          }
        }
        slot.rank = rank;
      }
      return changed;
    },
  };
}

function rankOf({ state }: Listening): SessionRank {
  return state === "yes" ? 2 : state === "unknown" ? 1 : 0;
}
