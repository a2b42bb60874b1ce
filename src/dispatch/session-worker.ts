// Sends one session its events, in order: reads the journal from its cursor, reserves a handful, writes them
// in one batch and waits for that. It blocks no other session; a session that does not read costs the handful
// that was read ahead for it. When the set of sessions changes, it resets its cursor and scans again.
//
// Events that anybody could have made are read in a stream of their own, in turn with all others: however
// many of them wait, they delay other events no more than an equal number of those would.

import { DeliveryError } from "../errors.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import { line } from "../text.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import { catchUp, forget, type Head, type UnannouncedEvents } from "./catch-up.ts";
import {
  type DispatchContext,
  follow,
  type InFlight,
  markUnconfirmed,
  reserve,
  toRendered,
} from "./context.ts";
import { type EntryKind, findEntry, isPast, isUnsent, unsent } from "./entries.ts";
import type { SessionSlot } from "./session-registry.ts";
import { UnshownEvents } from "./shown/unshown-events.ts";
import { isCandidate, isLooping, keepWaiting, triage } from "./triage.ts";

const maxAhead = 128;
const maxAheadBytes = 512 * 1024;
/**
 * One write at a time, of at most this many events: about what a pipe takes at once, and what is in doubt
 * when a session dies.
 */
const maxBatch = 32;
const maxBatchBytes = 64 * 1024;
const pageSize = 128;
/** Delay before a push is retried that a full disk, or a session with a full queue, did not take. */
const retryMs = 1_000;
/** A client that takes nothing for this time counts as not reading. */
const stuckAfterMs = 10_000;

const anyKind: readonly EntryKind[] = [true, false].flatMap((isHigh) => [
  { isHigh, unproven: false },
  { isHigh, unproven: true },
]);

interface Ahead extends InFlight {
  isNoted: boolean;
}

type Outcome = "written" | "ended" | { readonly error: unknown };

type Lane = "high" | "rest";

/** Entries that are read in one order. */
interface Stream {
  readonly unproven: boolean;
  readonly cursor: Record<Lane, number>;
  /** From this position on, entries that wait for another session are looked at too: one may have moved here. */
  readonly offered: Record<Lane, number>;
  ahead: Ahead[];
  /** Something may have come in that the lane has not read. */
  readonly mayHaveMore: Record<Lane, boolean>;
}

function createStream(unproven: boolean): Stream {
  return {
    unproven,
    cursor: { high: 0, rest: 0 },
    offered: { high: Number.POSITIVE_INFINITY, rest: Number.POSITIVE_INFINITY },
    ahead: [],
    mayHaveMore: { high: true, rest: true },
  };
}

export class SessionWorker {
  readonly #context: DispatchContext;
  readonly #slot: SessionSlot;
  readonly #options: { readonly catchUp: number };
  readonly #journal: DispatchContext["journal"];
  readonly #reservations: DispatchContext["reservations"];
  readonly #clock: DispatchContext["clock"];
  readonly #session: SessionSlot["session"];
  readonly #proven = createStream(false);
  readonly #unproven = createStream(true);
  readonly #streams: readonly [Stream, Stream];
  readonly #backlog: UnannouncedEvents = { channels: new Map(), ids: [] };
  #writing: { readonly sinceMs: number; readonly batch: readonly InFlight[]; end(): void } | undefined;
  #running: Promise<void> | undefined;
  /** Written to a client that logs what it shows, and not known to be shown yet. */
  readonly #unshown: UnshownEvents;
  #wantsCatchUp = true;
  #restMs = 0;
  #cancelRest = () => {};
  /** Increases when what was read so far no longer counts. */
  #version = 0;
  /** Increases on a restart only. */
  #generation = 0;
  /** The current position while a page is scanned. */
  #lookedAt = 0;

  constructor(context: DispatchContext, slot: SessionSlot, options: { readonly catchUp: number }) {
    this.#context = context;
    this.#slot = slot;
    this.#options = options;
    const { journal, reservations, clock } = context;
    this.#journal = journal;
    this.#reservations = reservations;
    this.#clock = clock;
    const { session } = slot;
    this.#session = session;
    this.#streams = [this.#proven, this.#unproven] as const;
    this.#unshown = new UnshownEvents(context, slot, ({ entry }) => {
      if (!context.recheckSessions()) this.rewind(entry.position);
    });
  }

  /** The set of sessions has changed: scan everything again. */
  restart(): void {
    this.#generation += 1;
    this.release();
    this.#wantsCatchUp = true;
    this.rewind(1);
  }

  /** The session ended: nothing new is started. Writes in progress may still be confirmed. */
  end(): void {
    this.#cancelRest();
    this.release();
  }

  /** The grace period is over: what is not confirmed yet may or may not have arrived. */
  giveUp(): void {
    this.#writing?.end();
    this.#unshown.giveUp();
  }

  /** Settles when nothing is being written, and it is known what was shown. */
  async lastWord(): Promise<void> {
    await this.idle();
    await this.#unshown.idle();
  }

  /** The router stops. */
  async stop(): Promise<void> {
    await this.idle();
    await this.#unshown.stop();
  }

  isWriting({ position }: OpenEntry): boolean {
    const isThis = ({ entry }: InFlight): boolean => entry.position === position;
    return this.#writing?.batch.some(isThis) === true || this.#unshown.list().some(isThis);
  }

  /** When the write in progress began. */
  writingSinceMs(): number | undefined {
    return this.#writing?.sinceMs;
  }

  /** Settles when nothing is being written. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Releases what was not started. */
  release(): void {
    const all = this.#allAhead();
    for (const inFlight of all) this.#reservations.drop(inFlight, this.#session.id);
    const first = Math.min(...all.map(({ entry }) => entry.position));
    for (const stream of this.#streams) stream.ahead = [];
    if (first < Number.POSITIVE_INFINITY) this.rewind(first);
  }

  /** Scans again from this position on. */
  rewind(position: number): void {
    for (const { cursor } of this.#streams) {
      cursor.high = Math.min(cursor.high, position - 1);
      cursor.rest = Math.min(cursor.rest, position - 1);
    }
    this.#version += 1;
    this.kick();
  }

  /** An entry at this position, or after it, may belong to this session now: scans again if that was scanned before. */
  offer(position: number): void {
    for (const { offered } of this.#streams) {
      offered.high = Math.min(offered.high, position);
      offered.rest = Math.min(offered.rest, position);
    }
    const farthest = Math.max(...this.#streams.flatMap(({ cursor }) => [cursor.high, cursor.rest]));
    if (position < this.#lookedAt || position <= farthest) this.rewind(position);
  }

  /** There may be something new: of these kinds, by default of any. */
  kick(kinds: readonly EntryKind[] = anyKind): void {
    for (const { isHigh, unproven } of kinds) {
      const { mayHaveMore } = unproven ? this.#unproven : this.#proven;
      mayHaveMore[isHigh ? "high" : "rest"] = true;
    }
    this.#start();
  }

  #isOver() {
    return this.#slot.isGone || this.#context.stopping.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#isOver() && this.#restMs === 0) {
      if (this.#wantsCatchUp) {
        this.#wantsCatchUp = false;
        const of = {
          limit: this.#options.catchUp,
          isCurrent: this.#sameGeneration(),
          offeredFrom: () =>
            Math.min(...this.#streams.flatMap(({ offered }) => [offered.high, offered.rest])),
          send: (head: readonly Head[]) => this.#sendHead(head),
        };
        if (this.#slot.rank > 0) await catchUp(this.#context, this.#slot, this.#backlog, of);
        else forget(this.#backlog);
        continue;
      }
      const urgent = this.#streams.find(
        ({ ahead, mayHaveMore }) => mayHaveMore.high && ahead.length < maxAhead,
      );
      if (urgent !== undefined) {
        await this.#read(urgent, "high");
        continue;
      }
      const empty = this.#streams.find(({ ahead, mayHaveMore }) => mayHaveMore.rest && ahead.length === 0);
      if (empty !== undefined) {
        await this.#read(empty, "rest");
        continue;
      }
      if (!(await this.#sendAhead())) return;
    }
  }

  /** Takes a step towards sending what was read ahead. False when there is nothing. */
  async #sendAhead(): Promise<boolean> {
    const all = this.#allAhead();
    if (all.length === 0) return false;
    if (!all.every(({ isNoted }) => isNoted)) {
      await this.#noteReservations(all);
      return true;
    }
    const batch = this.#takeBatch();
    if (batch.length > 0) await this.#write(batch);
    // Entries that were held after all were not sent: a successor must not assume so.
    else if (this.#allAhead().length === 0 && this.#unshown.list().length === 0)
      this.#reservations.clear(this.#slot.reservationName);
    return true;
  }

  /** Sends the first events that a session missed while the rest is still being sorted. */
  async #sendHead(head: readonly Head[]): Promise<void> {
    for (const { entry, delivery } of head) {
      const now = findEntry(this.#journal, entry);
      if (now === undefined || !isUnsent(now) || !isCandidate(this.#context, this.#slot, now)) continue;
      const result = triage(this.#context, this.#slot, now, delivery);
      if (result.is !== "push") continue;
      this.#streamOf({ entry: now }).ahead.push({
        ...reserve(this.#context, this.#slot, now, delivery, result.options),
        isNoted: false,
      });
      follow(this.#context, this.#slot, result.options);
    }
    while (!this.#isOver() && this.#restMs === 0 && (await this.#sendAhead()));
  }

  #allAhead(): Ahead[] {
    return [...this.#proven.ahead, ...this.#unproven.ahead];
  }

  #sameVersion(): () => boolean {
    const began = this.#version;
    return () => this.#version === began && !this.#isOver();
  }

  #sameGeneration(): () => boolean {
    const began = this.#generation;
    return () => this.#generation === began && !this.#isOver();
  }

  /** Advances in one lane until something can be pushed, the lane ends, or what was read no longer counts. */
  async #read(stream: Stream, lane: Lane): Promise<void> {
    const isCurrent = this.#sameVersion();
    const { cursor, offered, unproven, mayHaveMore } = stream;
    mayHaveMore[lane] = false;
    const query = {
      states: unsent,
      unproven,
      limit: pageSize,
      ...(lane === "high" ? { priority: lane } : {}),
    };
    for (let turns = 1; isCurrent(); turns++) {
      // A long scan of unproven entries must not delay the other stream.
      const { high, rest } = this.#proven.mayHaveMore;
      if (unproven && turns > 1 && (high || rest)) {
        mayHaveMore[lane] = true;
        return;
      }
      const page = this.#journal.page({ ...query, after: cursor[lane] });
      const isEnd = page.length < pageSize;
      const worth = page.filter(
        (entry) =>
          (lane === "high" || entry.priority !== "high") &&
          isCandidate(this.#context, this.#slot, entry, offered[lane]),
      );
      const read = worth.length === 0 ? [] : await this.#journal.deliveries(worth);
      if (!isCurrent()) return;
      const found: Ahead[] = [];
      let bytes = stream.ahead.reduce((sum, { delivery }) => sum + delivery.content.length, 0);
      let last = page.at(-1);
      for (const [index, entry] of worth.entries()) {
        const delivery = read[index];
        this.#lookedAt = entry.position;
        const result = triage(this.#context, this.#slot, entry, delivery);
        if (result.is === "wait") {
          this.#slot.waiting.add(entry.position, entry, false);
          this.#context.doorbell.waits(this.#slot, entry, result.options);
        }
        if (result.is !== "push" || delivery === undefined) continue;
        found.push({
          ...reserve(this.#context, this.#slot, entry, delivery, result.options),
          isNoted: false,
        });
        follow(this.#context, this.#slot, result.options);
        bytes += delivery.content.length;
        if (stream.ahead.length + found.length < maxAhead && bytes < maxAheadBytes) continue;
        last = entry;
        break;
      }
      this.#lookedAt = 0;
      // A reservation may have moved a conversation here, and with it events that were passed over.
      const isRead = isCurrent() && isEnd && last === page.at(-1);
      if (isCurrent() && last !== undefined) cursor[lane] = last.position;
      // Before it is ready, nothing is for it.
      if (isRead && this.#slot.rank > 0) offered[lane] = Number.POSITIVE_INFINITY;
      if (found.length > 0) {
        if (!isRead) mayHaveMore[lane] = true;
        // `high` before the rest, each in its own order.
        const { ahead } = stream;
        const at = ahead.findIndex(({ entry }) => entry.priority !== "high");
        ahead.splice(lane === "high" && at >= 0 ? at : ahead.length, 0, ...found);
        return;
      }
      if (isEnd) return;
      if (turns % 16 === 0) await yieldToEventLoop();
    }
  }

  async #noteReservations(noted: readonly Ahead[]): Promise<void> {
    try {
      await this.#reservations.note(this.#slot.reservationName, noted, this.#unshown.list());
      for (const inFlight of noted) inFlight.isNoted = true;
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      if (error.code === "E_JOURNAL_CLOSED") this.#context.onJournalEnded();
      else this.#rest(error.retryAfterMs ?? retryMs);
    }
  }

  #rest(ms: number): void {
    this.#restMs = ms;
    this.#cancelRest = this.#clock.after(ms, () => {
      this.#restMs = 0;
      this.kick();
    });
  }

  /**
   * What waits is written together, so that a burst takes one turn of the event loop and not one per event.
   */
  #takeBatch(): InFlight[] {
    const batch: InFlight[] = [];
    let bytes = 0;
    let turn = this.#proven;
    const nowMs = this.#clock.now();
    while (batch.length < maxBatch) {
      if (turn.ahead[0]?.isNoted !== true) turn = this.#otherOf(turn);
      const [next] = turn.ahead;
      if (next?.isNoted !== true) break;
      bytes += next.delivery.content.length;
      if (batch.length > 0 && bytes > maxBatchBytes) break;
      turn.ahead.shift();
      if (!this.#isDue(next, nowMs)) continue;
      this.#context.spend(this.#session.id, next);
      batch.push(next);
      turn = this.#otherOf(turn);
    }
    return batch;
  }

  #otherOf(stream: Stream): Stream {
    return stream === this.#proven ? this.#unproven : this.#proven;
  }

  /** False when it is not to be written any more; then its reservation is dropped. */
  #isDue(inFlight: InFlight, nowMs: number): boolean {
    const entry = findEntry(this.#journal, inFlight);
    const isThere = entry !== undefined && isUnsent(entry);
    const isLate = isThere && isPast(entry, nowMs);
    const isHeld =
      isThere && !isLate && this.#context.holds(entry, inFlight.delivery, this.#session.id, nowMs);
    const isKeptBack = isThere && !isLate && !isHeld && isLooping(this.#context, this.#slot, inFlight);
    if (isThere && !isLate && !isHeld && !isKeptBack) return true;
    this.#reservations.drop(inFlight, this.#session.id);
    if (isLate)
      this.#context.setState(entry, { state: "expired", reason: "its ttl ended before it was sent" });
    if (isKeptBack) {
      keepWaiting(this.#context, this.#slot, entry, inFlight.options);
      this.#context.onAnnounced(this.#slot);
    }
    return false;
  }

  async #write(batch: readonly InFlight[]): Promise<void> {
    const outcomes: Outcome[] = batch.map(() => "ended");
    const cancelStuck = this.#clock.after(stuckAfterMs, () => this.#context.onStuck(this.#slot, true));
    await new Promise<void>((resolve) => {
      this.#writing = { sinceMs: this.#clock.now(), batch, end: resolve };
      const settled = batch.map(async (inFlight, index) => {
        try {
          await this.#session.deliver(toRendered(inFlight), this.#context.stopping);
          outcomes[index] = "written";
        } catch (error) {
          outcomes[index] = { error };
        }
      });
      void Promise.all(settled).then(() => resolve());
    });
    this.#writing = undefined;
    cancelStuck();
    if (this.#slot.isStuck) this.#context.onStuck(this.#slot, false);
    const refused: InFlight[] = [];
    let isLost = false;
    let afterMs = retryMs;
    for (const [index, inFlight] of batch.entries()) {
      const outcome = outcomes[index] as Outcome;
      if (outcome === "written") this.#onWritten(inFlight);
      else if (outcome === "ended") {
        markUnconfirmed(this.#context, this.#slot, inFlight, "the session ended before it confirmed");
      } else if (!(outcome.error instanceof DeliveryError)) this.#reportBug(inFlight, outcome.error);
      else if (outcome.error.code === "E_SESSION_BUSY") {
        refused.push(inFlight);
        this.#context.refund(this.#session.id, inFlight);
        afterMs = outcome.error.retryAfterMs ?? retryMs;
      } else {
        markUnconfirmed(this.#context, this.#slot, inFlight, outcome.error.message);
        isLost = true;
      }
    }
    if (refused.length > 0) {
      for (const inFlight of refused) this.#streamOf(inFlight).ahead.push({ ...inFlight, isNoted: true });
      this.release();
    }
    // A session that lost events is about to end. If it does not, it gets them again.
    if (isLost) this.rewind(Math.min(...batch.map(({ entry }) => entry.position)));
    if ((refused.length > 0 || isLost) && !this.#isOver()) this.#rest(afterMs);
  }

  #onWritten(inFlight: InFlight): void {
    const { id, channel, attempt, delivery } = inFlight;
    const session = this.#session.id;
    this.#context.onWritten?.({ id, channel, session, attempt, tokens: delivery.tokens });
    this.#unshown.add(inFlight);
  }

  #reportBug(inFlight: InFlight, error: unknown): void {
    this.#reservations.drop(inFlight, this.#session.id);
    this.#context.setState(inFlight.entry, {
      state: "dead",
      reason: `it cannot be written: ${String(error)}`,
    });
    this.#context.log.error(line`event ${inFlight.id} cannot be written, which is a bug: ${String(error)}`);
  }

  #streamOf({ entry }: Pick<InFlight, "entry">): Stream {
    return entry.unproven === true ? this.#unproven : this.#proven;
  }

  #start(): void {
    if (this.#running !== undefined || this.#isOver() || this.#restMs > 0) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#streams.some(({ mayHaveMore: { high, rest } }) => high || rest)) this.#start(); // Entries that were added after the last scan.
    });
  }
}
