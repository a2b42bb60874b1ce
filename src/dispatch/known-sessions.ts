// What the next owner must know of the sessions: which were there, so that it waits for them before it chooses among those
// that came first; what each was told waits for its `pending`, so that it is neither pushed nor told again; and which events for
// `all` it has fetched, so that it does not get them again. Noted in the journal; losing a note costs a wait, a second telling, or
// a second delivery with `attempt`, and no event.

import type { Clock, Json } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import type { SessionSlot } from "./session-registry.ts";

const kind = "session";
const maxRanges = 200;
const maxFetched = 500;
/** What a loop makes wait comes one by one. */
const noteEveryMs = 250;
const lookEveryMs = 20;

export type Range = readonly [first: number, last: number];

export interface KnownSessions {
  /** The session is here. The result is what an earlier owner knew of it. */
  enter(seat: SessionSlot): {
    /** Whether the session was told of the entry at this position. */
    wasTold(position: number): boolean;
    /** Ids of events for `all` that it fetched. */
    readonly fetched: readonly string[];
  };
  /** A session has become ready. */
  started(): void;
  /** What waits for the session has changed. */
  changed(seat: SessionSlot): void;
  /** Writes down at once what is known of the session. */
  note(seat: SessionSlot): void;
  leave(seat: SessionSlot): void;
  /**
   * Settles when every session of the earlier owner is here and ready, or has ended, or after so long. `mayReturn` is asked
   * again and again about those that are missing.
   */
  back(withinMs: number, mayReturn: (sessionId: string) => boolean): Promise<void>;
  stop(): void;
}

export function createKnownSessions(
  journal: Pick<Journal, "jot" | "notes" | "entries">,
  clock: Clock,
  get: (sessionId: string) => Pick<SessionSlot, "hasStarted"> | undefined,
): KnownSessions {
  const awaited = new Map(journal.notes(kind).map(({ key, value }) => [key, readNote(value)]));
  /** Noted a moment ago: what changed since is noted when the moment is over. */
  const noting = new Map<SessionSlot, { isStale: boolean; cancel(): void }>();
  let look = () => {};
  let cancelLook = () => {};

  function note(seat: SessionSlot): void {
    const { id, startedMs } = seat.session;
    const told = seat.rank === 0 ? [] : seat.waiting.ranges(maxRanges);
    for (const eventId of seat.fetched) if (isGone(eventId)) seat.fetched.delete(eventId);
    const fetched = [...seat.fetched].slice(-maxFetched);
    jot(id, {
      startedMs,
      told: told.map(([first, last]): Json => [first, last]),
      ...(fetched.length === 0 ? {} : { fetched }),
    });
  }

  const isGone = (eventId: string) => journal.entries(eventId).length === 0;

  function noteForNow(seat: SessionSlot): void {
    note(seat);
    const cancel = clock.after(noteEveryMs, () => {
      const isStale = noting.get(seat)?.isStale ?? false;
      noting.delete(seat);
      if (isStale) noteForNow(seat);
    });
    noting.set(seat, { isStale: false, cancel });
  }

  function jot(id: string, value: Json): void {
    journal.jot(kind, id, value).catch((error) => {
      if (!isRouterError(error)) throw error;
    });
  }

  function stopLooking(): void {
    look = () => {};
    cancelLook();
  }

  function isAwaited(id: string, mayReturn: (sessionId: string) => boolean): boolean {
    const seat = get(id);
    return seat === undefined ? mayReturn(id) : !seat.hasStarted;
  }

  return {
    enter(seat) {
      const { id, startedMs } = seat.session;
      const known = awaited.get(id);
      // A pid may come again, with another session.
      const { told, fetched } = known?.startedMs === startedMs ? known : nothing;
      if (known?.startedMs !== startedMs) note(seat);
      return { wasTold: (position) => isIn(told, position), fetched };
    },
    started: () => look(),
    note,
    changed(seat) {
      const earlier = noting.get(seat);
      if (earlier === undefined) noteForNow(seat);
      else earlier.isStale = true;
    },
    leave(seat) {
      noting.get(seat)?.cancel();
      noting.delete(seat);
      awaited.delete(seat.session.id);
      jot(seat.session.id, null);
    },
    back: (withinMs, mayReturn) =>
      new Promise((resolve) => {
        let looksLeft = Math.ceil(withinMs / lookEveryMs);
        look = () => {
          const isComplete = ![...awaited.keys()].some((id) => isAwaited(id, mayReturn));
          if (!isComplete && looksLeft > 0) return;
          stopLooking();
          for (const id of awaited.keys()) if (get(id) === undefined && !mayReturn(id)) jot(id, null);
          resolve();
        };
        const lookAgain = () => {
          cancelLook = clock.after(lookEveryMs, () => {
            looksLeft -= 1;
            lookAgain();
            look();
          });
        };
        lookAgain();
        look();
      }),
    stop() {
      stopLooking();
      for (const [seat, { isStale, cancel }] of noting) {
        cancel();
        if (isStale) note(seat);
      }
      noting.clear();
    },
  };
}

interface Known {
  readonly startedMs: number;
  readonly told: readonly Range[];
  readonly fetched: readonly string[];
}

const nothing: Known = { startedMs: Number.NaN, told: [], fetched: [] };

/** Perhaps written by another version: what is not understood is as if it had not been noted. */
function readNote(value: Json): Known {
  const { startedMs, told, fetched } = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  return {
    startedMs: typeof startedMs === "number" ? startedMs : Number.NaN,
    told: Array.isArray(told) ? told.filter(isRange) : [],
    fetched: Array.isArray(fetched) ? fetched.filter((id) => typeof id === "string") : [],
  };
}

function isRange(value: unknown): value is Range {
  return Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === "number");
}

/** `ranges` in rising order. */
function isIn(ranges: readonly Range[], position: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const [first, last] = ranges[middle] as Range;
    if (position < first) high = middle;
    else if (position > last) low = middle + 1;
    else return true;
  }
  return false;
}
