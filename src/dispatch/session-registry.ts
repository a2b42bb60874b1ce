// The sessions that are attached, and for each what dispatch remembers about it: a few bits for an event, never its text.

import type { Journal } from "../journal/journal.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import { createPositionSet, type PositionSet } from "../journal/table/position-set.ts";
import { type Candidate, chooseOne, type Match, type Rank } from "./choose-session.ts";
import type { DeliveryOptions } from "./delivery-options.ts";
import type { DispatchSession, Listening } from "./session.ts";
import type { Sticky } from "./sticky.ts";
import { createWaitingList, type WaitingList } from "./waiting-list.ts";

export interface SessionSlot extends Candidate {
  readonly session: DispatchSession;
  /** Under which its pushes are noted in the journal. Not the session's id: one that comes again has a seat of its own. */
  readonly claimName: string;
  rank: Rank;
  listening: Listening;
  /** `ready` has settled. */
  isReady: boolean;
  /** It is starting and will most likely listen: what is for `all` is for it, too. */
  isExpected: boolean;
  isGone: boolean;
  /** Its `ready` has settled, although the others may not be back yet. */
  hasStarted: boolean;
  /** Its client has not read for long: what others can have goes to them. */
  isStuck: boolean;
  /** It was ready and could not be pushed to. */
  wasDeaf: boolean;
  /** What arrived before this was missed by the session: a backlog, to be caught up with. */
  sinceMs: number;
  /** Told of, or held for it: not pushed, to be fetched with `pending`. */
  readonly waiting: WaitingList;
  /** Whether an earlier owner told it that this position waits for its `pending`. */
  wasTold(position: number): boolean;
  /** Ids of events that its client's stream may still take from an earlier owner. */
  readonly writing: Set<string>;
  /** For other sessions by their terms, whoever is there. */
  readonly foreign: PositionSet;
  /** Events for `all` that it got and others have not yet. */
  readonly taken: PositionSet;
  /** The ids of those that it fetched: the next owner cannot learn of them from its process, as of those that were pushed. */
  readonly fetched: Set<string>;
}

export interface Targets {
  /** To be written to each of these. */
  readonly push: readonly SessionSlot[];
  /** Those who may fetch it: when nobody can be pushed to, everybody it is for. */
  readonly pull: readonly SessionSlot[];
}

export interface SessionRegistry {
  add(session: DispatchSession): SessionSlot;
  remove(seat: SessionSlot): void;
  get(sessionId: string): SessionSlot | undefined;
  all(): readonly SessionSlot[];
  matches(terms: DeliveryOptions, seat: SessionSlot): boolean;
  targets(terms: DeliveryOptions, entry: OpenEntry): Targets;
  /** Whether this event may still come to this session from an earlier owner; for one that is not for all, to any session. */
  isOnItsWay(eventId: string, terms: DeliveryOptions, seat: SessionSlot): boolean;
  /** Whether a session that it is for is still starting. */
  expects(terms: DeliveryOptions): boolean;
  /** Asks every session whether it listens. True when an answer has changed what it may be sent. */
  refresh(nowMs: number): boolean;
}

const nobody: readonly SessionSlot[] = [];
const toldNothing = () => false;

/** It came before the session did, or while it did not listen. */
export function isMissed({ changedMs }: OpenEntry, { sinceMs }: Pick<SessionSlot, "sinceMs">): boolean {
  return changedMs < sinceMs;
}

/** That it waits for the session's `pending`, by this owner or by an earlier one, and it was never sent since. */
export function wasAnnounced({ position, attempt }: OpenEntry, { waiting, wasTold }: SessionSlot): boolean {
  return attempt === 0 && (waiting.has(position) || wasTold(position));
}

export function createSessionRegistry(
  journal: Pick<Journal, "entries">,
  match: Match,
  sticky: Sticky,
): SessionRegistry {
  const seats: SessionSlot[] = [];
  let count = 0;
  return {
    add(session) {
      const seat: SessionSlot = {
        session,
        claimName: `${session.id} push ${++count}`,
        rank: 0,
        listening: session.listening(),
        isReady: false,
        isExpected: true,
        isGone: false,
        hasStarted: false,
        isStuck: false,
        wasDeaf: false,
        sinceMs: session.startedMs,
        waiting: createWaitingList(journal),
        wasTold: toldNothing,
        writing: new Set(),
        foreign: createPositionSet(),
        taken: createPositionSet(),
        fetched: new Set(),
      };
      seats.push(seat);
      return seat;
    },
    remove(seat) {
      seats.splice(seats.indexOf(seat), 1);
    },
    get: (sessionId) => seats.find(({ session }) => session.id === sessionId),
    all: () => seats,
    matches: ({ to }, { session }) => match(to, session),
    isOnItsWay: (eventId, { to }, seat) =>
      to === "all" ? seat.writing.has(eventId) : seats.some(({ writing }) => writing.has(eventId)),
    targets(terms, entry) {
      const matching = seats.filter(({ session }) => match(terms.to, session));
      const pushable = matching.filter(({ rank }) => rank > 0);
      if (pushable.length === 0) return { push: nobody, pull: matching };
      if (terms.to === "all" || pushable.length === 1) return { push: pushable, pull: pushable };
      const reading = pushable.filter(({ isStuck }) => !isStuck);
      const chosen = chooseOne(reading.length > 0 ? reading : pushable, terms, {
        lastId: entry.attempt > 0 ? entry.session : undefined,
        stickyId: sticky.sessionOf(terms),
        tie: (seat) => (wasAnnounced(entry, seat) ? 2 : isMissed(entry, seat) ? 0 : 1),
      });
      const one = chosen === undefined ? nobody : [chosen];
      return { push: one, pull: one };
    },
    expects: ({ to }) => seats.some(({ isExpected, session }) => isExpected && match(to, session)),
    refresh(nowMs) {
      let changed = false;
      for (const seat of seats) {
        seat.listening = seat.session.listening();
        const rank = seat.isReady && !seat.isGone ? rankOf(seat.listening) : 0;
        if (seat.isReady && rank === 0) seat.wasDeaf = true;
        if (rank === seat.rank) continue;
        changed = true;
        if (seat.rank === 0) {
          seat.waiting.clear();
          if (seat.wasDeaf) {
            seat.sinceMs = nowMs;
            seat.wasTold = toldNothing;
          }
        }
        seat.rank = rank;
      }
      return changed;
    },
  };
}

function rankOf({ state }: Listening): Rank {
  return state === "yes" ? 2 : state === "unknown" ? 1 : 0;
}
