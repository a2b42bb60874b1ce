// Rings sessions that do not show channels when events wait for them: one session for an event that is for one, each
// for an event that is for all. Decides only which session is rung, and when. How a session is rung is up to the
// session (`DispatchSession.doorbell`), which gets only a number.

import type { Clock, Json } from "../../contract.ts";
import { isRouterError } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { OpenEntry } from "../../journal/open-entries.ts";
import { chooseOne } from "../choose-session.ts";
import type { DeliveryOptions } from "../delivery-options.ts";
import { findEntry, isPast, isUnsent } from "../entries.ts";
import type { SessionSlot } from "../session-registry.ts";
import type { Silences } from "../silences.ts";
import type { StickySessions } from "../sticky.ts";
import { noRing, type RingingEvent, RingSchedule, type RingState } from "./ring-schedule.ts";

export interface DoorbellOptions {
  readonly journal: Pick<Journal, "entries" | "jot" | "notes">;
  readonly clock: Clock;
  readonly sticky: Pick<StickySessions, "sessionOf">;
  readonly silences: Pick<Silences, "over">;
  /** Whether events of the channel may ring. */
  rings(channel: string): boolean;
  /** When the quiet time of the channel ends; undefined outside of quiet time. */
  quietUntilMs(channel: string, nowMs: number): number | undefined;
}

export interface DoorbellReport {
  /** Absent before the first. */
  readonly lastRingMs?: number;
  /** Rings since the session last called `pending`. */
  readonly unanswered: number;
  /** It is not rung again until it calls `pending`. */
  readonly hasGivenUp: boolean;
}

interface WaitingEvent {
  readonly id: string;
  readonly channel: string;
  readonly changedMs: number;
  readonly options: DeliveryOptions;
  /** The session has received a result of `pending` that counted it. */
  isAnnounced: boolean;
}

interface Bell {
  readonly schedule: RingSchedule;
  /** Events from before this were announced, by an earlier leader or because there are too many to remember. */
  announcedMs: number;
  /** By position. Those that were announced stay when they wait no more: they may be found again. */
  readonly events: Map<number, WaitingEvent>;
}

const kind = "ring";
/** For one session. The oldest are forgotten first: if it was rung for any, it was rung for them. */
const maxEvents = 1_000;
const maxNoted = 1_000;
/** However many events arrive, they are examined no more often than this. */
const lookEveryMs = 200;
/** Longer timers overflow in Node and would fire at once. */
const maxTimerMs = 24 * 60 * 60_000;

export class Doorbell {
  readonly #options: DoorbellOptions;
  readonly #clock: Clock;
  readonly #bells = new Map<SessionSlot, Bell>();
  /** What the earlier leader noted, by session. */
  readonly #noted: Map<string, Json>;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #timer: { readonly atMs: number; cancel(): void } | undefined;
  #isStopped = false;

  constructor(options: DoorbellOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#noted = new Map(options.journal.notes(kind).map(({ key, value }) => [key, value]));
  }

  /** The event waits for a session to which it cannot be pushed. */
  waits(slot: SessionSlot, { id, channel, position, changedMs }: OpenEntry, options: DeliveryOptions): void {
    if (slot.session.doorbell === undefined) return;
    const { events, announcedMs } = this.#bellOf(slot);
    const known = events.get(position);
    // The same event waits again when the sessions have changed, or when it is to be sent again.
    if (known?.id === id && known.channel === channel && known.changedMs === changedMs) return;
    events.delete(position);
    events.set(position, { id, channel, changedMs, options, isAnnounced: changedMs < announcedMs });
    while (events.size > maxEvents) events.delete(events.keys().next().value as number);
    this.look();
  }

  /** Something may have changed: what waits, who listens, who can be rung. Cheap. */
  look(): void {
    if (this.#bells.size === 0) return;
    const nowMs = this.#clock.now();
    // The clock may have been set back.
    this.#lookAt(Math.max(nowMs, Math.min(this.#lastLookMs, nowMs) + lookEveryMs));
  }

  /**
   * A result of `pending` counts what waits now (`isComplete`: all of it). Call the returned function when the client
   * has received that result: a call that was cancelled announces nothing.
   */
  counted(slot: SessionSlot, isComplete: boolean): () => void {
    const bell = this.#knownBell(slot);
    const countedMs = isComplete ? this.#clock.now() : undefined;
    const events = [...(bell?.events ?? [])];
    const isWhole = events.length < maxEvents;
    const { lastMs } = bell?.schedule.state ?? noRing;
    return () => {
      const answering = slot.isGone ? undefined : this.#knownBell(slot);
      if (answering === undefined) return;
      for (const [position, event] of events) {
        const now = answering.events.get(position);
        // It may have been found again meanwhile.
        if (now === undefined) answering.events.set(position, event);
        else if (now.changedMs !== event.changedMs || now.id !== event.id) continue;
        (now ?? event).isAnnounced = true;
      }
      if (!isWhole) answering.announcedMs = countedMs ?? answering.announcedMs;
      answering.schedule.answered(countedMs, lastMs);
      void this.#note(slot, answering.schedule.state);
      this.look();
    };
  }

  leave(slot: SessionSlot): void {
    const { id, startedMs } = slot.session;
    const bell = this.#bells.get(slot);
    if (bell !== undefined) {
      this.#bells.delete(slot);
      void this.#jot(id, null);
      // Its process may connect again.
      this.#noted.delete(id);
      this.#noted.set(id, { startedMs, ...bell.schedule.state });
      if (this.#noted.size > maxNoted) this.#noted.delete(this.#noted.keys().next().value as string);
    }
    // What it was rung for may be another session's now.
    this.look();
  }

  report(slot: SessionSlot): DoorbellReport {
    const schedule = this.#bells.get(slot)?.schedule;
    const { lastMs, unanswered } = schedule?.state ?? noRing;
    return {
      ...(lastMs === 0 ? {} : { lastRingMs: lastMs }),
      unanswered,
      hasGivenUp: schedule?.hasGivenUp(this.#clock.now()) ?? false,
    };
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Undefined for a session that was never rung and for which nothing has waited. */
  #knownBell(slot: SessionSlot): Bell | undefined {
    // What an earlier leader noted must be answered here too, even if nothing waits at the moment.
    return this.#noted.has(slot.session.id) ? this.#bellOf(slot) : this.#bells.get(slot);
  }

  #bellOf(slot: SessionSlot): Bell {
    let bell = this.#bells.get(slot);
    if (bell === undefined) {
      const { id, startedMs } = slot.session;
      const state = readNote(this.#noted.get(id), startedMs);
      bell = { schedule: new RingSchedule(state), announcedMs: state.answeredMs, events: new Map() };
      this.#bells.set(slot, bell);
      if (state !== noRing) void this.#note(slot, state);
    }
    return bell;
  }

  #lookAt(atMs: number): void {
    if (this.#isStopped || (this.#timer !== undefined && this.#timer.atMs <= atMs)) return;
    this.#timer?.cancel();
    const cancel = this.#clock.after(Math.min(Math.max(0, atMs - this.#clock.now()), maxTimerMs), () => {
      this.#timer = undefined;
      this.#ringWhoIsDue();
    });
    this.#timer = { atMs, cancel };
  }

  #ringWhoIsDue(): void {
    const nowMs = this.#clock.now();
    this.#lastLookMs = nowMs;
    const { events, nextMs } = this.#collect(nowMs);
    let next = nextMs;
    for (const [slot, ringing] of events) {
      const dueMs = this.#bellOf(slot).schedule.dueMs(ringing, nowMs);
      if (dueMs === undefined) continue;
      if (dueMs <= nowMs) void this.#ring(slot, nowMs);
      else next = Math.min(next, dueMs);
    }
    if (next < Number.POSITIVE_INFINITY) this.#lookAt(Math.max(next, nowMs + lookEveryMs));
  }

  /** What each session is to be rung for, and when the answer may change only because time has passed. */
  #collect(nowMs: number): { events: ReadonlyMap<SessionSlot, RingingEvent[]>; nextMs: number } {
    const holders = new Map<number, SessionSlot[]>();
    const events = new Map<SessionSlot, RingingEvent[]>();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [slot, { schedule, events: waiting }] of this.#bells) {
      if (!canBeRung(slot)) continue;
      // It keeps what it was rung for until its last pause is over.
      if (schedule.hasGivenUp(nowMs)) continue;
      const restsUntilMs = schedule.restsUntilMs(nowMs);
      if (restsUntilMs > nowMs) nextMs = Math.min(nextMs, restsUntilMs);
      events.set(slot, []);
      for (const [position, { isAnnounced }] of waiting) {
        if (!slot.waiting.has(position)) {
          if (!isAnnounced) waiting.delete(position);
        } else holders.set(position, [...(holders.get(position) ?? []), slot]);
      }
    }
    const held = new Map<string, number | undefined>();
    for (const [position, slots] of holders) {
      const [first] = slots as [SessionSlot];
      const event = this.#bellOf(first).events.get(position) as WaitingEvent;
      const entry = findEntry(this.#options.journal, event);
      if (entry === undefined || !isUnsent(entry) || isPast(entry, nowMs)) continue;
      const untilMs = this.#heldUntilMs(entry, nowMs, held);
      if (untilMs !== undefined) {
        nextMs = Math.min(nextMs, untilMs);
        continue;
      }
      for (const slot of this.#rungFor(event.options, slots))
        if (this.#bellOf(slot).events.get(position)?.isAnnounced === false)
          events.get(slot)?.push({ sinceMs: entry.changedMs, priority: entry.priority });
    }
    return { events, nextMs };
  }

  /** Until when it may not ring: undefined if it may now, Infinity for ever. `quiet`: answers by channel, for `nowMs`. */
  #heldUntilMs(entry: OpenEntry, nowMs: number, quiet: Map<string, number | undefined>): number | undefined {
    const { channel, priority } = entry;
    if (!this.#options.rings(channel)) return Number.POSITIVE_INFINITY;
    const silence = this.#options.silences.over(entry);
    if (silence !== undefined) return silence.untilMs;
    if (priority === "high") return undefined;
    if (!quiet.has(channel)) quiet.set(channel, this.#options.quietUntilMs(channel, nowMs));
    return quiet.get(channel);
  }

  /** For one session: the one that was rung already, else the one that it would be pushed to if it listened. */
  #rungFor(options: DeliveryOptions, slots: readonly SessionSlot[]): readonly SessionSlot[] {
    if (options.to === "all") return slots;
    const rung = slots.find((slot) => this.#bellOf(slot).schedule.state.unanswered > 0);
    const chosen = chooseOne(slots, options, {
      lastId: rung?.session.id,
      stickyId: this.#options.sticky.sessionOf(options),
      tie: () => 0,
    });
    return chosen === undefined ? [] : [chosen];
  }

  async #ring(slot: SessionSlot, nowMs: number): Promise<void> {
    const count = slot.waiting.count();
    if (count === 0) return;
    const { schedule } = this.#bellOf(slot);
    const takeBack = schedule.rang(nowMs);
    this.#lookAt(schedule.restsUntilMs(nowMs));
    // Noted first: a process that has lost the journal to another one does not ring.
    const isNoted = await this.#note(slot, schedule.state);
    if (isNoted && !this.#isStopped && (await slot.session.doorbell?.ring(count)) === true) return;
    takeBack(this.#clock.now());
    if (!this.#bells.has(slot)) return;
    void this.#note(slot, schedule.state);
    this.look();
  }

  #note({ session: { id, startedMs } }: SessionSlot, state: RingState): Promise<boolean> {
    return this.#jot(id, { startedMs, ...state });
  }

  /** False when the journal does not accept it. */
  #jot(id: string, value: Json): Promise<boolean> {
    return this.#options.journal.jot(kind, id, value).then(
      () => true,
      (error) => {
        if (!isRouterError(error)) throw error;
        return false;
      },
    );
  }
}

function canBeRung({ session, rank, isReady, isGone, listening }: SessionSlot): boolean {
  return !isGone && isReady && rank === 0 && listening.state === "no" && session.doorbell?.isThere() === true;
}

/** The note may be from another version, and a pid can be reused by another session. */
function readNote(value: Json | undefined, startedMs: number): RingState {
  const note = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  if (note.startedMs !== startedMs) return noRing;
  const number = (key: keyof RingState) => {
    const found = note[key];
    return typeof found === "number" && Number.isFinite(found) ? Math.max(0, found) : 0;
  };
  return { unanswered: number("unanswered"), lastMs: number("lastMs"), answeredMs: number("answeredMs") };
}
