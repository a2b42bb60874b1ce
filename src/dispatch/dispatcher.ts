// From the journal to the sessions. Everything that must survive is in the journal, so a dispatcher can be
// dropped at any moment and another one continues: nothing is lost, and what may have been sent twice carries
// `attempt`. Nothing here blocks appends.

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
import { type AckReport, type AckRequest, acknowledge } from "./acknowledge.ts";
import { createBreaker } from "./breaker.ts";
import { createMatch, type MatchOptions } from "./choose-session.ts";
import { createReport, type DispatchContext, type InFlight, type WrittenDelivery } from "./context.ts";
import { createDeadlines } from "./deadlines.ts";
import { Doorbell, type DoorbellReport } from "./doorbell/doorbell.ts";
import { type EntryKind, type FinalState, findEntry, isSameKind, isUnsent } from "./entries.ts";
import { createExpiry } from "./expiry.ts";
import { createKnownSessions, type KnownSessions } from "./known-sessions.ts";
import { createNotices } from "./notices.ts";
import { createPassedOver } from "./passed-over.ts";
import { createPending, type FetchResult, type PendingEvents } from "./pending.ts";
import { createReceipts } from "./receipts.ts";
import { createReservations, markPossiblySent, unsettledReservations } from "./reservations.ts";
import type { DispatchSession, Listening } from "./session.ts";
import { createSessionRegistry, type SessionRegistry, type SessionSlot } from "./session-registry.ts";
import { SessionWorker } from "./session-worker.ts";
import { type CarriedState, carryOver } from "./shown/carry-over.ts";
import { createSilences, type Silence, type SilenceRequest } from "./silences.ts";
import { createSticky } from "./sticky.ts";
import { createUnroutable, type UnroutableEntries } from "./unroutable.ts";

export interface DispatcherOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** For our own notices. */
  newId(nowMs: number): string;
  /** For `to: { project }`: the dialect of the config's globs. Throws a RouterError for a malformed pattern. */
  readonly compileGlob: MatchOptions["compileGlob"];
  /** The folder that `~` means in them. Default: the user's home folder. */
  readonly home?: string;
  /** How many events of a backlog a new session is sent one by one. Default 20. */
  readonly catchUp?: number;
  /**
   * After a change of leader the sessions return one by one: nothing is pushed before the sessions of the
   * earlier leader are back, or for at most this time. Default 0.
   */
  readonly settleMs?: number;
  /**
   * Whether a session of the earlier leader may still return; polled every 20 ms meanwhile. Default: each
   * may.
   */
  mayReturn?(sessionId: string): boolean;
  /**
   * Asks shaping each time an entry could be sent: true holds it, from `pending` too. Call `revisit` when it
   * is released. `sessionId` is undefined when no particular session would get it.
   */
  holds?(entry: OpenEntry, delivery: Delivery, sessionId: string | undefined, nowMs: number): boolean;
  /** Whether shaping looks at all events of the channel. */
  isShaped?(channel: string): boolean;
  /**
   * Reports that this many tokens are being written to a session, or fetched by it; a negative number takes
   * that back.
   */
  spend?(
    sessionId: string,
    spent: { readonly channel: string; readonly tokens: number; readonly unproven: boolean },
  ): void;
  /** Whether events of the channel may wake a session that does not show channels. Default: none may. */
  wakes?(channel: string): boolean;
  /** When the quiet time of the channel ends; undefined outside of quiet time. */
  quietUntilMs?(channel: string, nowMs: number): number | undefined;
  /**
   * Receives every state change that dispatch writes to the journal, in order; `dead` is the one that matters
   * to the user.
   */
  observe?(change: StateChange): void;
  /** Called for each event that the stream of a session's client took. */
  written?(written: WrittenDelivery): void;
}

export interface SessionReport {
  readonly id: string;
  readonly listening: Listening;
  /** False until its `ready` has settled. */
  readonly ready: boolean;
  readonly waiting: number;
  /** Absent for one that cannot be rung. */
  readonly rings?: DoorbellReport;
  /** The client has taken nothing since then, which is at least ten seconds ago. */
  readonly stuckSinceMs?: number;
}

export interface DispatchReport {
  readonly sessions: readonly SessionReport[];
  readonly silences: readonly Silence[];
}

const defaultCatchUp = 20;
const defaultPending = 20;
/**
 * A session that is not ready within this time does not keep events for `all` open. A client's boot window is
 * at most 3 s.
 */
const expectedMs = 10_000;
/** How long an ended session may keep its unconfirmed events from others. */
const lastWordMs = 1_500;
/** How long a `pending` waits for a scan that is under way. */
const pendingWaitMs = 2_000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #journal: DispatcherOptions["journal"];
  readonly #clock: DispatcherOptions["clock"];
  readonly #log: DispatcherOptions["log"];
  readonly #stopping = new AbortController();
  readonly #workers = new Map<SessionSlot, SessionWorker>();
  readonly #departing = new Set<Promise<void>>();
  readonly #registry: SessionRegistry;
  readonly #known: KnownSessions;
  readonly #context: DispatchContext;
  readonly #unroutable: UnroutableEntries;
  readonly #doorbell: Doorbell;
  readonly #pending: PendingEvents;
  readonly #settled: Promise<void>;
  #isWoken = false;
  /** What was appended since it was last woken; undefined: there may be anything. */
  #appended: EntryKind[] | undefined = [];
  /**
   * The latest notice of each subject: subjects are names of the config's own parts, so their number is
   * bounded.
   */
  readonly #announced = new Map<string, string>();
  readonly #halt = (): void => {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#known.stop();
    this.#doorbell.stop();
    this.#context.ackDeadlines.stop();
    this.#context.expiryDeadlines.stop();
    for (const worker of this.#workers.values()) worker.release();
  };

  /** Continues where the last dispatcher stopped; create one for each open journal. */
  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { journal, clock, log } = options;
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
    // Each write under way listens to it; the number of writes is bounded elsewhere.
    setMaxListeners(0, this.#stopping.signal);
    const sticky = createSticky(journal, (key: string, sessionId: string) => this.#onMoved(key, sessionId));
    let isSettled = false;
    const match = createMatch({ compileGlob: options.compileGlob, home: options.home ?? homedir() });
    const registry = createSessionRegistry(journal, match, sticky);
    this.#registry = registry;
    const known = createKnownSessions(journal, clock, registry.get);
    this.#known = known;
    const isShaped = options.isShaped ?? (() => false);
    const silences = createSilences(journal, clock);
    const doorbell = new Doorbell({
      ...{ journal, clock, sticky, silences },
      rings: options.wakes ?? (() => false),
      quietUntilMs: options.quietUntilMs ?? (() => undefined),
    });
    this.#doorbell = doorbell;
    const context: DispatchContext = {
      journal,
      clock,
      log,
      registry,
      sticky,
      passedOver: createPassedOver(),
      revisit: (position) => this.revisitFrom(position),
      offer: (slot, position) => this.#workers.get(slot)?.offer(position),
      reservations: createReservations(journal, clock, isShaped),
      silences,
      doorbell,
      breaker: createBreaker(),
      notices: createNotices({ journal, clock, newId: options.newId, onAppended: () => this.wake() }),
      rounds: createPositionSet(),
      ackDeadlines: createDeadlines(clock, () => receipts.check()),
      expiryDeadlines: createDeadlines(clock, () => expiry.check()),
      spend: (sessionId, inFlight) => this.#spend(sessionId, inFlight, inFlight.delivery.tokens),
      refund: (sessionId, inFlight) => this.#spend(sessionId, inFlight, -inFlight.delivery.tokens),
      holds: options.holds ?? (() => false),
      setState: createReport({ journal, log, registry }, options.observe),
      onWritten: options.written,
      isSettled: () => isSettled,
      onStuck: (slot: SessionSlot, isStuck: boolean) => this.#onStuck(slot, isStuck),
      recheckSessions: () => this.#recheckSessions(),
      onAnnounced: known.changed,
      onFetched: known.note,
      stopping: this.#stopping.signal,
      onJournalEnded: this.#halt,
    };
    this.#context = context;
    this.#unroutable = createUnroutable(context);
    const expiry = createExpiry(context);
    this.#pending = createPending(context);
    const receipts = createReceipts(context, ({ position }) => this.revisitFrom(position));
    const { changes, names } = unsettledReservations(journal);
    for (const { entry, outcome } of changes) context.setState(entry, outcome);
    for (const name of names) context.reservations.clear(name);
    const { unsyncedSinceMs } = journal.recovery;
    const marked =
      unsyncedSinceMs === undefined ? undefined : markPossiblySent(context, unsyncedSinceMs, isShaped);
    this.#settled = known
      .back(options.settleMs ?? 0, options.mayReturn ?? (() => true))
      .then(() => marked)
      .then(() => {
        isSettled = true;
        if (!this.#stopping.signal.aborted) this.#restart();
      });
    void receipts.survey();
    void journal.ended.then(this.#halt);
  }

  /**
   * Until its `ready` settles it is sent nothing, but may fetch. `carried`: what an earlier leader sent it. A
   * session with the same id replaces the first.
   */
  attach(session: DispatchSession, carried?: CarriedState): void {
    const former = this.#registry.get(session.id);
    if (former !== undefined) this.#depart(former, Promise.resolve());
    const slot = this.#registry.add(session);
    const worker = new SessionWorker(this.#context, slot, {
      catchUp: this.#options.catchUp ?? defaultCatchUp,
    });
    this.#workers.set(slot, worker);
    const before = this.#known.enter(slot);
    slot.isAnnounced = before.isAnnounced;
    for (const id of before.fetched) {
      slot.fetched.add(id);
      for (const { position } of this.#journal.entries(id)) {
        slot.taken.add(position);
        this.#context.rounds.add(position);
      }
    }
    // What waits for another session may be of a conversation that was this one's under an earlier leader.
    if (this.#context.sticky.names(session.id)) worker.offer(1);
    worker.kick();
    const expect = (isReady: boolean) => {
      slot.isReady = isReady;
      slot.isExpected = false;
      if (!slot.isGone && !this.#stopping.signal.aborted) this.#restart();
    };
    const cancel = this.#clock.after(expectedMs, () => expect(false));
    // What it already received must be known before anybody else could be sent it.
    const isCarried = carried === undefined ? undefined : carryOver(this.#context, slot, carried);
    const started = Promise.all([session.ready, isCarried]).then(() => {
      slot.hasStarted = true;
      this.#known.started();
    });
    void Promise.all([started, this.#settled]).then(() => {
      cancel();
      expect(true);
    });
    void session.ended.then(() => {
      cancel();
      this.#depart(slot, this.#untilClosed(session));
    });
  }

  /** Call it for an event that is not at the end of the order (a digest), or that `holds` has released. */
  revisit(eventId: string): void {
    for (const { position } of this.#journal.entries(eventId)) {
      // A digest has the position of an event that was folded into it: what is known of that event does not
      // apply to the digest.
      for (const { waiting, foreign, taken } of this.#registry.all())
        for (const known of [waiting, foreign, taken]) known.delete(position);
      this.#context.rounds.delete(position);
      this.revisitFrom(position);
    }
  }

  /** Ends a delivery that was not sent; a write in progress continues, and so does its state. */
  end(member: Member, outcome: FinalState): void {
    const entry = findEntry(this.#journal, member);
    const isWriting =
      entry !== undefined && [...this.#workers.values()].some((worker) => worker.isWriting(entry));
    if (entry !== undefined && isUnsent(entry) && !isWriting) this.#context.setState(entry, outcome);
  }

  /**
   * What waits for this session and is not pushed to it, oldest first. Default limit 20. At the start and
   * after a change of leader it waits, for 2 s at most, until it is known what waits. Rejects with a
   * DeliveryError when the journal cannot record the fetch; then nothing was fetched.
   */
  async pending(
    sessionId: string,
    limit: number = defaultPending,
  ): Promise<FetchResult & { readonly isComplete: boolean }> {
    const slot = this.#registry.get(sessionId);
    const isComplete = slot !== undefined && (await this.#isSorted(slot));
    if (slot === undefined || this.#stopping.signal.aborted)
      return { events: [], left: 0, isComplete: false, confirm: () => {}, abandon: () => {} };
    const fetched = await this.#pending.fetch(slot, Math.max(1, limit), isComplete);
    return { ...fetched, isComplete };
  }

  /** How many entries `pending` would find, for "3 events wait". 0 for a session that is not attached. */
  waiting(sessionId: string): number {
    return this.#registry.get(sessionId)?.waiting.count() ?? 0;
  }

  ack(request: AckRequest): Promise<AckReport> {
    return acknowledge(this.#context, request);
  }

  silence(request: SilenceRequest): Promise<void> {
    return this.#context.silences.set(request);
  }

  /**
   * Announces an event of our own, of low priority; see `Notices.announce`. It replaces the previous one
   * about the same subject if no session has received that yet. Settles when it is in the journal, or was
   * rejected.
   */
  async announce(content: SafeText, configFile: string, subject: string): Promise<void> {
    const now = await this.#context.notices.announce(content, configFile);
    const earlier = this.#announced.get(subject);
    if (now === undefined) return;
    this.#announced.set(subject, now);
    if (earlier === undefined) return;
    for (const entry of this.#journal.entries(earlier))
      if (this.#context.reservations.attemptOf(entry) === undefined)
        this.#context.setState(entry, { state: "superseded", reason: `${now} says how it is now` });
  }

  report(): DispatchReport {
    return {
      sessions: [...this.#workers].map(([slot, worker]) => {
        const { session, listening, isReady, waiting, isStuck } = slot;
        const stuckSinceMs = isStuck ? worker.writingSinceMs() : undefined;
        return {
          id: session.id,
          listening,
          ready: isReady,
          waiting: waiting.count(),
          ...(session.doorbell === undefined ? {} : { rings: this.#doorbell.report(slot) }),
          ...(stuckSinceMs === undefined ? {} : { stuckSinceMs }),
        };
      }),
      silences: this.#context.silences.list(),
    };
  }

  /**
   * Starts nothing new; settles when no write is in progress, or at the deadline. Writes that are still in
   * progress then are sent again by the next leader, with `attempt`. The caller closes the journal
   * afterwards.
   */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#halt();
    const idle = Promise.all([
      this.#unroutable.idle(),
      this.#pending.idle(),
      ...[...this.#workers.values()].map((worker) => worker.stop()),
      ...this.#departing,
    ]);
    const isLate = await Promise.race([idle.then(() => false), aborted(deadline).then(() => true)]);
    if (!isLate)
      for (const { reservationName } of this.#workers.keys())
        this.#context.reservations.clear(reservationName);
  }

  /**
   * Cheap. May be called whenever something was appended, or a session's `listening` may have changed. `appended`: all that
   * is new; absent, sessions look at everything that they have not looked at.
   */
  wake(appended?: readonly EntryKind[]): void {
    if (this.#stopping.signal.aborted) return;
    if (appended === undefined) this.#appended = undefined;
    for (const kind of appended ?? [])
      if (this.#appended?.some((one) => isSameKind(one, kind)) === false) this.#appended.push(kind);
    if (this.#isWoken) return;
    this.#isWoken = true;
    setImmediate(() => {
      const kinds = this.#appended;
      this.#isWoken = false;
      this.#appended = [];
      if (this.#stopping.signal.aborted) return;
      this.#doorbell.look();
      if (this.#recheckSessions()) return;
      this.#unroutable.kick();
      for (const worker of this.#workers.values()) worker.kick(kinds);
    });
  }

  /** The same for everything from this position on. */
  revisitFrom(position: number): void {
    this.#unroutable.rewind(position);
    for (const worker of this.#workers.values()) worker.rewind(position);
  }

  #spend(sessionId: string, { channel, entry }: InFlight, tokens: number): void {
    this.#options.spend?.(sessionId, { channel, tokens, unproven: entry.unproven === true });
  }

  /** Its events that other sessions passed over belong to this session now. */
  #onMoved(key: string, sessionId: string): void {
    const position = this.#context.passedOver.take(key);
    const slot = position === undefined ? undefined : this.#registry.get(sessionId);
    if (slot !== undefined) this.#context.offer(slot, position as number);
  }

  /** Whether everything was scanned for this session. */
  #isSorted(slot: SessionSlot): Promise<boolean> {
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
      void this.#settled.then(() => this.#workers.get(slot)?.idle()).then(() => done(true));
    });
  }

  #recheckSessions(): boolean {
    const hasChanged = this.#registry.refresh(this.#clock.now());
    if (hasChanged) this.#restart();
    return hasChanged;
  }

  /** The sessions, or what they may be sent, have changed. */
  #restart(): void {
    this.#registry.refresh(this.#clock.now());
    // Events that waited for sessions that do not listen go to those that do, if there is one; otherwise they
    // are found again.
    if (this.#registry.all().some(({ rank }) => rank > 0))
      for (const { rank, waiting } of this.#registry.all()) if (rank === 0) waiting.clear();
    this.#unroutable.restart();
    this.#doorbell.look();
    for (const worker of this.#workers.values()) worker.restart();
  }

  #onStuck(slot: SessionSlot, isStuck: boolean): void {
    if (slot.isGone || slot.isStuck === isStuck) return;
    slot.isStuck = isStuck;
    const { id, project } = slot.session;
    const who = `session ${id}${project === undefined ? "" : ` (${project})`}`;
    if (isStuck) this.#log.warn(line`${who} does not read: its events go to other sessions, or wait`);
    else this.#log.info(line`${who} reads again`);
    if (!this.#stopping.signal.aborted) this.#restart();
  }

  #depart(slot: SessionSlot, lastWord: Promise<unknown>): void {
    if (slot.isGone) return;
    slot.isGone = true;
    const leaving = this.#leave(slot, lastWord).finally(() => this.#departing.delete(leaving));
    this.#departing.add(leaving);
  }

  /**
   * What the session did not receive goes to others, in order, so this waits until it is known whether the
   * last writes arrived.
   */
  async #leave(slot: SessionSlot, lastWord: Promise<unknown>): Promise<void> {
    const worker = this.#workers.get(slot);
    this.#workers.delete(slot);
    this.#registry.remove(slot);
    worker?.end();
    if (!this.#stopping.signal.aborted) {
      this.#known.leave(slot);
      this.#doorbell.leave(slot);
    }
    await Promise.race([Promise.all([worker?.lastWord(), this.#pending.idle(slot)]), lastWord]);
    worker?.giveUp();
    this.#pending.end(slot);
    await worker?.idle();
    this.#context.reservations.clear(slot.reservationName);
    for (const id of this.#context.notices.retire(slot.session.id))
      for (const entry of this.#journal.entries(id))
        this.#context.setState(entry, { state: "superseded", reason: "the session it was for has ended" });
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
