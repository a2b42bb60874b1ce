// What the next leader must know about the sessions: which were attached, so that it waits for them before it
// chooses a session; what was announced to each for `pending`, so that it is neither pushed nor announced
// again; and which events for `all` each has fetched, so that it does not get them twice. Kept as notes in
// the journal. Losing a note costs a wait, a second announcement, or a second delivery with `attempt`, but
// never an event.

import type { Clock, Json } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import type { SessionSlot } from "./session-registry.ts";

const kind = "session";
const maxRanges = 200;
const maxFetched = 500;
/** Entries that the loop guard holds arrive one by one, so notes are collected for this time. */
const noteEveryMs = 250;
const lookEveryMs = 20;

export type Range = readonly [first: number, last: number];

export interface KnownSessions {
  /** The session is attached. Returns what an earlier leader knew of it. */
  enter(slot: SessionSlot): {
    /** Whether the entry at this position was announced to the session. */
    isAnnounced(position: number): boolean;
    /** Ids of events for `all` that it fetched. */
    readonly fetched: readonly string[];
  };
  /** A session has become ready. */
  started(): void;
  /** What waits for the session has changed. */
  changed(slot: SessionSlot): void;
  /** Writes what is known of the session at once. */
  note(slot: SessionSlot): void;
  leave(slot: SessionSlot): void;
  /**
   * Settles when every session of the earlier leader is attached and ready, or has ended, or after this time.
   * `mayReturn` is polled for those that are missing.
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
  /** Noted a moment ago: later changes are noted when the interval is over. */
  const noting = new Map<SessionSlot, { isStale: boolean; cancel(): void }>();
  let look = () => {};
  let cancelLook = () => {};

  function note(slot: SessionSlot): void {
    const { id, startedMs } = slot.session;
    const announced = slot.rank === 0 ? [] : slot.waiting.ranges(maxRanges);
    for (const eventId of slot.fetched) if (isGone(eventId)) slot.fetched.delete(eventId);
    const fetched = [...slot.fetched].slice(-maxFetched);
    jot(id, {
      startedMs,
      announced: announced.map(([first, last]): Json => [first, last]),
      ...(fetched.length === 0 ? {} : { fetched }),
    });
  }

  const isGone = (eventId: string) => journal.entries(eventId).length === 0;

  function noteForNow(slot: SessionSlot): void {
    note(slot);
    const cancel = clock.after(noteEveryMs, () => {
      const isStale = noting.get(slot)?.isStale ?? false;
      noting.delete(slot);
      if (isStale) noteForNow(slot);
    });
    noting.set(slot, { isStale: false, cancel });
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
    const slot = get(id);
    return slot === undefined ? mayReturn(id) : !slot.hasStarted;
  }

  return {
    enter(slot) {
      const { id, startedMs } = slot.session;
      const known = awaited.get(id);
      // A pid can be reused by another session.
      const { announced, fetched } = known?.startedMs === startedMs ? known : nothing;
      if (known?.startedMs !== startedMs) note(slot);
      return { isAnnounced: (position) => isIn(announced, position), fetched };
    },
    started: () => look(),
    note,
    changed(slot) {
      const earlier = noting.get(slot);
      if (earlier === undefined) noteForNow(slot);
      else earlier.isStale = true;
    },
    leave(slot) {
      noting.get(slot)?.cancel();
      noting.delete(slot);
      awaited.delete(slot.session.id);
      jot(slot.session.id, null);
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
      for (const [slot, { isStale, cancel }] of noting) {
        cancel();
        if (isStale) note(slot);
      }
      noting.clear();
    },
  };
}

interface Known {
  readonly startedMs: number;
  readonly announced: readonly Range[];
  readonly fetched: readonly string[];
}

const nothing: Known = { startedMs: Number.NaN, announced: [], fetched: [] };

/** The note may be from another version: anything not understood counts as not noted. */
function readNote(value: Json): Known {
  const { startedMs, announced, fetched } = (
    typeof value === "object" && value !== null ? value : {}
  ) as Record<string, unknown>;
  return {
    startedMs: typeof startedMs === "number" ? startedMs : Number.NaN,
    announced: Array.isArray(announced) ? announced.filter(isRange) : [],
    fetched: Array.isArray(fetched) ? fetched.filter((id) => typeof id === "string") : [],
  };
}

function isRange(value: unknown): value is Range {
  return Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === "number");
}

/** `ranges` in ascending order. */
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
