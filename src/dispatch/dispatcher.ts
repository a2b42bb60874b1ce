// From the journal to the sessions. Everything that must not be forgotten stands in the journal, so that a dispatcher can be
// dropped at any moment and another one goes on: nothing is lost, and what may have been sent twice carries `attempt`. Nothing
// here holds up whoever appends.

import { setMaxListeners } from "node:events";
import { homedir } from "node:os";
import type { Clock, Log } from "../contract.ts";
import type { Journal } from "../journal/journal.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import type { Delivery, Member, StateChange } from "../journal/records.ts";
import { createPositionSet } from "../journal/table/position-set.ts";
import { line, type SafeText } from "../text.ts";
import { aborted } from "../waiting.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import { type Acknowledged, type AckRequest, acknowledge } from "./acknowledge.ts";
import { createBreaker } from "./breaker.ts";
import { type Carried, carryOver } from "./carry-over.ts";
import { createMatch, type MatchOptions } from "./choose-session.ts";
import { createReport, type DispatchContext, type FinalState, type InFlight } from "./context.ts";
import { createDeadlines } from "./deadlines.ts";
import { findEntry, isUnsent } from "./entries.ts";
import { createExpiry } from "./expiry.ts";
import { createKnownSessions, type KnownSessions } from "./known-sessions.ts";
import { createNotices } from "./notices.ts";
import { createPassedOver } from "./passed-over.ts";
import { createPending, type Fetched, type Pending } from "./pending.ts";
import { createReceipts } from "./receipts.ts";
import { createReservations, unsettledReservations } from "./reservations.ts";
import type { DispatchSession, Listening } from "./session.ts";
import { createSessionRegistry, type SessionRegistry, type SessionSlot } from "./session-registry.ts";
import { SessionWorker } from "./session-worker.ts";
import { createSilences, type Silence, type SilenceRequest } from "./silences.ts";
import { createSticky } from "./sticky.ts";
import { createUnroutable, type Unroutable } from "./unroutable.ts";

export interface DispatcherOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** For our own notices. */
  newId(nowMs: number): string;
  /** For `to: { project }`: the dialect of the config's globs. Throws a RouterError for a malformed pattern. */
  readonly compileGlob: MatchOptions["compileGlob"];
  /** What `~` means in them. Default: the user's home folder. */
  readonly home?: string;
  /** How much of a backlog a session that comes is sent one by one. Default 20. */
  readonly catchUp?: number;
  /**
   * After a change of owner the sessions come back one by one: nothing is pushed before those that the earlier owner had are
   * here, or for so long. Default 0.
   */
  readonly settleMs?: number;
  /** Whether a session of the earlier owner may still come; asked every 20 ms meanwhile. Default: each may. */
  mayReturn?(sessionId: string): boolean;
  /**
   * Shaping's word, asked each time an entry could go out: true keeps it back, from `pending` too. Call `revisit` when it is
   * let go. `sessionId` is undefined when nobody in particular would get it.
   */
  holds?(entry: OpenEntry, delivery: Delivery, sessionId: string | undefined): boolean;
  /** So many tokens are being written to a session, or fetched by it; a negative number takes that back. */
  spend?(
    sessionId: string,
    spent: { readonly channel: string; readonly tokens: number; readonly unproven: boolean },
  ): void;
  /** Hears of everything that dispatch tells the journal, in order; `dead` is the one that a person wants to know of. */
  observe?(change: StateChange): void;
}

export interface SessionReport {
  readonly id: string;
  readonly listening: Listening;
  /** False until its `ready` has settled. */
  readonly ready: boolean;
  readonly waiting: number;
  /** The client has taken nothing since then, for ten seconds at least. */
  readonly stuckSinceMs?: number;
}

export interface DispatchReport {
  readonly sessions: readonly SessionReport[];
  readonly silences: readonly Silence[];
}

const defaultCatchUp = 20;
const defaultPending = 20;
/** A session that is not ready by then does not keep events for `all` open. A client's boot window is 3 s at most. */
const expectedMs = 10_000;
/** A session that has ended does not keep what it did not confirm from others for longer. */
const lastWordMs = 1_500;
/** A `pending` waits so long for the end of what is being looked through. */
const pendingWaitMs = 2_000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #journal: DispatcherOptions["journal"];
  readonly #clock: DispatcherOptions["clock"];
  readonly #log: DispatcherOptions["log"];
  readonly #stopping = new AbortController();
  readonly #feeds = new Map<SessionSlot, SessionWorker>();
  readonly #departing = new Set<Promise<void>>();
  readonly #roster: SessionRegistry;
  readonly #known: KnownSessions;
  readonly #desk: DispatchContext;
  readonly #keeper: Unroutable;
  readonly #pending: Pending;
  readonly #settled: Promise<void>;
  #isWoken = false;
  /** The latest of each subject: names of the config's own parts, so their number is bounded. */
  readonly #announced = new Map<string, string>();
  readonly #halt = (): void => {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#known.stop();
    this.#desk.ackDeadlines.stop();
    this.#desk.expiryDeadlines.stop();
    for (const feed of this.#feeds.values()) feed.release();
  };

  /** Goes on where the last one was: call it once for an open journal. */
  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { journal, clock, log } = options;
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
    // Each write under way listens to it; their number is bounded elsewhere.
    setMaxListeners(0, this.#stopping.signal);
    const sticky = createSticky(journal, (key: string, sessionId: string) => this.#onMoved(key, sessionId));
    let isSettled = false;
    const match = createMatch({ compileGlob: options.compileGlob, home: options.home ?? homedir() });
    const roster = createSessionRegistry(journal, match, sticky);
    this.#roster = roster;
    const known = createKnownSessions(journal, clock, roster.get);
    this.#known = known;
    const desk: DispatchContext = {
      journal,
      clock,
      log,
      roster,
      sticky,
      passedOver: createPassedOver(),
      offer: (seat, position) => this.#feeds.get(seat)?.offer(position),
      claims: createReservations(journal),
      silences: createSilences(journal, clock),
      breaker: createBreaker(),
      notices: createNotices({ journal, clock, newId: options.newId, onAppended: () => this.wake() }),
      rounds: createPositionSet(),
      ackDeadlines: createDeadlines(clock, () => receipts.check()),
      expiryDeadlines: createDeadlines(clock, () => expiry.check()),
      spend: (sessionId, parcel) => this.#spend(sessionId, parcel, parcel.delivery.tokens),
      refund: (sessionId, parcel) => this.#spend(sessionId, parcel, -parcel.delivery.tokens),
      holds: (entry, delivery, sessionId) => options.holds?.(entry, delivery, sessionId) ?? false,
      tell: createReport({ journal, log, roster }, options.observe),
      isSettled: () => isSettled,
      onStuck: (seat: SessionSlot, isStuck: boolean) => this.#onStuck(seat, isStuck),
      onTold: known.changed,
      onFetched: known.note,
      stopping: this.#stopping.signal,
      onJournalEnded: this.#halt,
    };
    this.#desk = desk;
    this.#keeper = createUnroutable(desk);
    const expiry = createExpiry(desk);
    this.#pending = createPending(desk);
    const receipts = createReceipts(desk, ({ position }) => this.revisitFrom(position));
    this.#settled = known.back(options.settleMs ?? 0, options.mayReturn ?? (() => true)).then(() => {
      isSettled = true;
      if (!this.#stopping.signal.aborted) this.#restart();
    });
    const { changes, names } = unsettledReservations(journal);
    for (const { entry, fate } of changes) desk.tell(entry, fate);
    for (const name of names) desk.claims.clear(name);
    void receipts.survey();
    void journal.ended.then(this.#halt);
  }

  /**
   * Until its `ready` it is sent nothing, but may fetch. `carried`: what an earlier owner sent it. An id that is attached
   * already takes the place of the first.
   */
  attach(session: DispatchSession, carried?: Carried): void {
    const former = this.#roster.get(session.id);
    if (former !== undefined) this.#depart(former, Promise.resolve());
    const seat = this.#roster.add(session);
    const feed = new SessionWorker(this.#desk, seat, { catchUp: this.#options.catchUp ?? defaultCatchUp });
    this.#feeds.set(seat, feed);
    const before = this.#known.enter(seat);
    seat.wasTold = before.wasTold;
    for (const id of before.fetched) {
      seat.fetched.add(id);
      for (const { position } of this.#journal.entries(id)) {
        seat.taken.add(position);
        this.#desk.rounds.add(position);
      }
    }
    feed.kick();
    const expect = (isReady: boolean) => {
      seat.isReady = isReady;
      seat.isExpected = false;
      if (!seat.isGone && !this.#stopping.signal.aborted) this.#restart();
    };
    const cancel = this.#clock.after(expectedMs, () => expect(false));
    // What it had must be known before anybody else could be sent it.
    const isCarried = carried === undefined ? undefined : carryOver(this.#desk, seat, carried);
    const started = Promise.all([session.ready, isCarried]).then(() => {
      seat.hasStarted = true;
      this.#known.started();
    });
    void Promise.all([started, this.#settled]).then(() => {
      cancel();
      expect(true);
    });
    void session.ended.then(() => {
      cancel();
      this.#depart(seat, this.#untilClosed(session));
    });
  }

  /** To be called for an event whose place in the order is not the last (a digest), or that `holds` let go. */
  revisit(eventId: string): void {
    for (const { position } of this.#journal.entries(eventId)) {
      // A digest has the position of an event that was folded into it: what was known of that one is not about it.
      for (const { waiting, foreign, taken } of this.#roster.all())
        for (const known of [waiting, foreign, taken]) known.delete(position);
      this.#desk.rounds.delete(position);
      this.revisitFrom(position);
    }
  }

  /** Ends what was not sent; what is being written goes on, and so does its state. */
  end(member: Member, fate: FinalState): void {
    const entry = findEntry(this.#journal, member);
    const isWriting = entry !== undefined && [...this.#feeds.values()].some((feed) => feed.isWriting(entry));
    if (entry !== undefined && isUnsent(entry) && !isWriting) this.#desk.tell(entry, fate);
  }

  /**
   * What waits for this session and is not pushed to it, oldest first. Default limit 20. Until it is known what waits, which takes
   * a moment at the start and after a change of owner, it is waited for, for 2 s at most. Rejects with a DeliveryError when the
   * journal cannot note it; nothing was fetched then.
   */
  async pending(
    sessionId: string,
    limit: number = defaultPending,
  ): Promise<Fetched & { readonly isComplete: boolean }> {
    const seat = this.#roster.get(sessionId);
    const isComplete = seat !== undefined && (await this.#isSorted(seat));
    if (seat === undefined || this.#stopping.signal.aborted)
      return { events: [], left: 0, isComplete: false, confirm: () => {}, abandon: () => {} };
    return { ...(await this.#pending.fetch(seat, Math.max(1, limit))), isComplete };
  }

  /** How many entries `pending` would find, for "3 events wait". 0 for a session that is not attached. */
  waiting(sessionId: string): number {
    return this.#roster.get(sessionId)?.waiting.count() ?? 0;
  }

  ack(request: AckRequest): Promise<Acknowledged> {
    return acknowledge(this.#desk, request);
  }

  silence(request: SilenceRequest): Promise<void> {
    return this.#desk.silences.set(request);
  }

  /**
   * An event of our own, low in priority; see `Notices.announce`. It takes the place of the one before about the same subject, if
   * nobody got that yet. Settles when it is in the journal, or was not taken.
   */
  async announce(content: SafeText, configFile: string, subject: string): Promise<void> {
    const now = await this.#desk.notices.announce(content, configFile);
    const earlier = this.#announced.get(subject);
    if (now === undefined) return;
    this.#announced.set(subject, now);
    if (earlier === undefined) return;
    for (const entry of this.#journal.entries(earlier))
      if (this.#desk.claims.attemptOf(entry) === undefined)
        this.#desk.tell(entry, { state: "superseded", reason: `${now} says how it is now` });
  }

  report(): DispatchReport {
    return {
      sessions: [...this.#feeds].map(([{ session, listening, isReady, waiting, isStuck }, feed]) => {
        const stuckSinceMs = isStuck ? feed.writingSinceMs() : undefined;
        return {
          id: session.id,
          listening,
          ready: isReady,
          waiting: waiting.count(),
          ...(stuckSinceMs === undefined ? {} : { stuckSinceMs }),
        };
      }),
      silences: this.#desk.silences.list(),
    };
  }

  /**
   * Begins nothing more; settles when no write is under way, or at the deadline. What is still under way then is sent again
   * by the next owner, with `attempt`. The journal is the caller's to close, afterwards.
   */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#halt();
    const quiet = Promise.all([
      this.#keeper.quiet(),
      this.#pending.quiet(),
      ...[...this.#feeds.values()].map((feed) => feed.quiet()),
      ...this.#departing,
    ]);
    const isLate = await Promise.race([quiet.then(() => false), aborted(deadline).then(() => true)]);
    if (!isLate) for (const { claimName } of this.#feeds.keys()) this.#desk.claims.clear(claimName);
  }

  /** Cheap, and may be called as often as anything was appended, or a session's `listening` may have changed. */
  wake(): void {
    if (this.#isWoken || this.#stopping.signal.aborted) return;
    this.#isWoken = true;
    setImmediate(() => {
      this.#isWoken = false;
      if (this.#stopping.signal.aborted) return;
      if (this.#roster.refresh(this.#clock.now())) return this.#restart();
      this.#keeper.kick();
      for (const feed of this.#feeds.values()) feed.kick();
    });
  }

  /** The same for everything from this position on. */
  revisitFrom(position: number): void {
    this.#keeper.rewind(position);
    for (const feed of this.#feeds.values()) feed.rewind(position);
  }

  #spend(sessionId: string, { channel, entry }: InFlight, tokens: number): void {
    this.#options.spend?.(sessionId, { channel, tokens, unproven: entry.unproven === true });
  }

  /** Its events that others passed over are this session's now. */
  #onMoved(key: string, sessionId: string): void {
    const position = this.#desk.passedOver.take(key);
    const seat = position === undefined ? undefined : this.#roster.get(sessionId);
    if (seat !== undefined) this.#desk.offer(seat, position as number);
  }

  /** Whether all was looked through for this session. */
  #isSorted(seat: SessionSlot): Promise<boolean> {
    return new Promise((resolve) => {
      const { signal } = this.#stopping;
      const cancel = this.#clock.after(pendingWaitMs, () => done(false));
      const stop = () => done(false);
      const done = (isKnown: boolean) => {
        cancel();
        signal.removeEventListener("abort", stop);
        resolve(isKnown);
      };
      if (signal.aborted) return stop();
      signal.addEventListener("abort", stop);
      void this.#settled.then(() => this.#feeds.get(seat)?.quiet()).then(() => done(true));
    });
  }

  /** Who is there, or what it may be sent, has changed. */
  #restart(): void {
    this.#roster.refresh(this.#clock.now());
    // What waited for those who do not listen is for those who do, if any does; otherwise it is found again.
    if (this.#roster.all().some(({ rank }) => rank > 0))
      for (const { rank, waiting } of this.#roster.all()) if (rank === 0) waiting.clear();
    this.#keeper.restart();
    for (const feed of this.#feeds.values()) feed.restart();
  }

  #onStuck(seat: SessionSlot, isStuck: boolean): void {
    if (seat.isGone || seat.isStuck === isStuck) return;
    seat.isStuck = isStuck;
    const { id, project } = seat.session;
    const who = `session ${id}${project === undefined ? "" : ` (${project})`}`;
    if (isStuck) this.#log.warn(line`${who} does not read: events go to other sessions, or wait`);
    else this.#log.info(line`${who} reads again`);
    if (!this.#stopping.signal.aborted) this.#restart();
  }

  #depart(seat: SessionSlot, lastWord: Promise<unknown>): void {
    if (seat.isGone) return;
    seat.isGone = true;
    const leaving = this.#leave(seat, lastWord).finally(() => this.#departing.delete(leaving));
    this.#departing.add(leaving);
  }

  /** What it did not get goes to others, in order: so only once it is known whether what was being written arrived. */
  async #leave(seat: SessionSlot, lastWord: Promise<unknown>): Promise<void> {
    const feed = this.#feeds.get(seat);
    this.#feeds.delete(seat);
    this.#roster.remove(seat);
    feed?.end();
    if (!this.#stopping.signal.aborted) this.#known.leave(seat);
    await Promise.race([Promise.all([feed?.quiet(), this.#pending.quiet(seat)]), lastWord]);
    feed?.giveUp();
    this.#pending.end(seat);
    await feed?.quiet();
    this.#desk.claims.clear(seat.claimName);
    for (const id of this.#desk.notices.retire(seat.session.id))
      for (const entry of this.#journal.entries(id))
        this.#desk.tell(entry, { state: "superseded", reason: "the session that it was for has ended" });
    if (!this.#stopping.signal.aborted) this.#restart();
  }

  async #untilClosed({ closed }: DispatchSession): Promise<void> {
    let cancel = () => {};
    const tooLong = new Promise<void>((resolve) => {
      cancel = this.#clock.after(lastWordMs, resolve);
    });
    await Promise.race([closed, tooLong]);
    cancel();
    // Confirmations that came in with the end are still on their way to us, through promises.
    await yieldToEventLoop();
  }
}
