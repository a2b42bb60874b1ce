// What one session gets, in order: reads the journal from where it was, claims a handful, writes what waits in one go and waits for
// that. Holds back nobody else; a session that does not read costs the handful that was looked at ahead of it. When anything changes about
// who is there, it forgets where it was and looks at everything again.
//
// Events that anybody could have made are read in a stream of their own, and take turns with all others: however many of them wait, another
// event waits for no more of them than for its equals.

import { DeliveryError } from "../errors.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import { line } from "../text.ts";
import { catchUp, forget, type Head, type Unannounced } from "./catch-up.ts";
import {
  type DispatchContext,
  follow,
  type InFlight,
  markSent,
  markUnconfirmed,
  reserve,
  toRendered,
} from "./context.ts";
import { findEntry, isPast, isUnsent, unsent, yieldToEventLoop } from "./entries.ts";
import type { SessionSlot } from "./session-registry.ts";
import { isCandidate, isLooping, triage } from "./triage.ts";

const maxAhead = 128;
const maxAheadBytes = 512 * 1024;
/** One write at a time, of so much: about what a pipe takes at once, and what a session that dies leaves in doubt. */
const maxBatch = 32;
const maxBatchBytes = 64 * 1024;
const pageSize = 128;
/** How soon a push is tried again that a full disk, or a session with a full queue, did not take. */
const retryMs = 1_000;
/** A client that takes nothing for so long does not read. */
const stuckAfterMs = 10_000;

export interface SessionWorker {
  /** There may be something new. */
  kick(): void;
  /** Who is there has changed: look at everything again. */
  restart(): void;
  /** Look again from this position on. */
  rewind(position: number): void;
  /** The same, if it was looked at before. */
  offer(position: number): void;
  /** Lets go of what was not begun. */
  release(): void;
  /** The session ended: nothing is begun any more. What is being written may still be confirmed. */
  end(): void;
  /** The last word was said: what is not confirmed yet may or may not have arrived. */
  giveUp(): void;
  isWriting(entry: OpenEntry): boolean;
  /** When the write under way began. */
  writingSinceMs(): number | undefined;
  /** Settles when nothing is being written. */
  quiet(): Promise<void>;
}

interface Ahead extends InFlight {
  isNoted: boolean;
}

type Outcome = "written" | "ended" | { readonly error: unknown };

type Lane = "high" | "rest";

/** What is read in one order. */
interface Stream {
  readonly unproven: boolean;
  readonly cursor: Record<Lane, number>;
  ahead: Ahead[];
  mayHaveMore: boolean;
}

function createStream(unproven: boolean): Stream {
  return { unproven, cursor: { high: 0, rest: 0 }, ahead: [], mayHaveMore: true };
}

export function createSessionWorker(
  desk: DispatchContext,
  seat: SessionSlot,
  options: { readonly catchUp: number },
): SessionWorker {
  const { journal, claims, clock } = desk;
  const { session } = seat;
  const proven = createStream(false);
  const unproven = createStream(true);
  const streams = [proven, unproven] as const;
  const backlog: Unannounced = { channels: new Map(), ids: [] };
  let writing: { readonly sinceMs: number; readonly batch: readonly InFlight[]; end(): void } | undefined;
  let running: Promise<void> | undefined;
  let wantsCatchUp = true;
  let restMs = 0;
  let cancelRest = () => {};
  /** Goes up when what was read so far no longer counts. */
  let version = 0;
  /** The same at a restart only. */
  let generation = 0;
  /** While a page is gone through: where it is. */
  let lookedAt = 0;

  const isOver = () => seat.isGone || desk.stopping.aborted;

  async function run(): Promise<void> {
    while (!isOver() && restMs === 0) {
      if (wantsCatchUp) {
        wantsCatchUp = false;
        const of = { limit: options.catchUp, isCurrent: sameGeneration(), send: sendHead };
        if (seat.rank > 0) await catchUp(desk, seat, backlog, of);
        else forget(backlog);
        continue;
      }
      const urgent = streams.find((stream) => stream.ahead.length < maxAhead && hasHigh(stream));
      if (urgent !== undefined) {
        await read(urgent, "high");
        continue;
      }
      const empty = streams.find(({ ahead, mayHaveMore }) => ahead.length === 0 && mayHaveMore);
      if (empty !== undefined) {
        empty.mayHaveMore = false;
        await read(empty, "rest");
        continue;
      }
      if (!(await sendAhead())) return;
    }
  }

  /** Takes a step towards sending what was read ahead. False when there is nothing. */
  async function sendAhead(): Promise<boolean> {
    const all = allAhead();
    if (all.length === 0) return false;
    if (!all.every(({ isNoted }) => isNoted)) {
      await noteClaims(all);
      return true;
    }
    const batch = takeBatch();
    if (batch.length > 0) await write(batch);
    // What was kept back after all was not sent: a successor must not think so.
    else if (allAhead().length === 0) claims.clear(seat.claimName);
    return true;
  }

  /** What a session missed first, while the rest of it is still being sorted out. */
  async function sendHead(head: readonly Head[]): Promise<void> {
    for (const { entry, delivery } of head) {
      const now = findEntry(journal, entry);
      if (now === undefined || !isUnsent(now) || !isCandidate(desk, seat, now)) continue;
      const result = triage(desk, seat, now, delivery);
      if (result.is !== "push") continue;
      streamOf({ entry: now }).ahead.push({
        ...reserve(desk, seat, now, delivery, result.terms),
        isNoted: false,
      });
      follow(desk, seat, result.terms);
    }
    while (!isOver() && restMs === 0 && (await sendAhead()));
  }

  function allAhead(): Ahead[] {
    return [...proven.ahead, ...unproven.ahead];
  }

  function sameVersion(): () => boolean {
    const began = version;
    return () => version === began && !isOver();
  }

  function sameGeneration(): () => boolean {
    const began = generation;
    return () => generation === began && !isOver();
  }

  function hasHigh({ unproven, cursor }: Stream): boolean {
    const query = { states: unsent, priority: "high", unproven, limit: 1 } as const;
    return journal.page({ ...query, after: cursor.high }).length > 0;
  }

  /** Moves on in one lane until something is to be pushed, the lane ends, or what was read no longer counts. */
  async function read(stream: Stream, lane: Lane): Promise<void> {
    const isCurrent = sameVersion();
    const { cursor, unproven } = stream;
    const query = {
      states: unsent,
      unproven,
      limit: pageSize,
      ...(lane === "high" ? { priority: lane } : {}),
    };
    for (let turns = 1; isCurrent(); turns++) {
      // A walk over all that anybody left here holds up nothing else.
      if (unproven && turns > 1 && proven.mayHaveMore) {
        stream.mayHaveMore = true;
        return;
      }
      const page = journal.page({ ...query, after: cursor[lane] });
      if (page.length === 0) return;
      const worth = page.filter(
        (entry) => (lane === "high" || entry.priority !== "high") && isCandidate(desk, seat, entry),
      );
      const read = worth.length === 0 ? [] : await journal.deliveries(worth);
      if (!isCurrent()) return;
      const found: Ahead[] = [];
      let bytes = stream.ahead.reduce((sum, { delivery }) => sum + delivery.content.length, 0);
      let last = page.at(-1) as OpenEntry;
      for (const [index, entry] of worth.entries()) {
        const delivery = read[index];
        lookedAt = entry.position;
        const result = triage(desk, seat, entry, delivery);
        if (result.is === "wait") seat.waiting.add(entry.position, entry);
        if (result.is !== "push" || delivery === undefined) continue;
        found.push({ ...reserve(desk, seat, entry, delivery, result.terms), isNoted: false });
        follow(desk, seat, result.terms);
        bytes += delivery.content.length;
        if (stream.ahead.length + found.length < maxAhead && bytes < maxAheadBytes) continue;
        last = entry;
        break;
      }
      lookedAt = 0;
      // A claim may have moved a conversation here, and with it what was passed over before.
      if (isCurrent()) cursor[lane] = last.position;
      if (found.length > 0) {
        stream.mayHaveMore = true;
        // High before the rest, in its own order.
        const { ahead } = stream;
        const at = ahead.findIndex(({ entry }) => entry.priority !== "high");
        ahead.splice(lane === "high" && at >= 0 ? at : ahead.length, 0, ...found);
        return;
      }
      if (turns % 16 === 0) await yieldToEventLoop();
    }
  }

  async function noteClaims(noted: readonly Ahead[]): Promise<void> {
    try {
      await claims.note(seat.claimName, noted);
      for (const parcel of noted) parcel.isNoted = true;
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      if (error.code === "E_JOURNAL_CLOSED") desk.onJournalEnded();
      else rest(error.retryAfterMs ?? retryMs);
    }
  }

  function rest(ms: number): void {
    restMs = ms;
    cancelRest = clock.after(ms, () => {
      restMs = 0;
      kick();
    });
  }

  /** What waits goes out together, so that a burst costs one turn of the event loop and not one for each event. */
  function takeBatch(): InFlight[] {
    const batch: InFlight[] = [];
    let bytes = 0;
    let turn = proven;
    while (batch.length < maxBatch) {
      if (turn.ahead[0]?.isNoted !== true) turn = otherOf(turn);
      const [next] = turn.ahead;
      if (next?.isNoted !== true) break;
      bytes += next.delivery.content.length;
      if (batch.length > 0 && bytes > maxBatchBytes) break;
      turn.ahead.shift();
      if (!isDue(next)) continue;
      desk.spend(session.id, next);
      batch.push(next);
      turn = otherOf(turn);
    }
    return batch;
  }

  function otherOf(stream: Stream): Stream {
    return stream === proven ? unproven : proven;
  }

  /** False when it is not to be written any more; then its claim is dropped. */
  function isDue(parcel: InFlight): boolean {
    const entry = findEntry(journal, parcel);
    const isThere = entry !== undefined && isUnsent(entry);
    const isLate = isThere && isPast(entry, clock.now());
    const isHeld = isThere && !isLate && desk.holds(entry, parcel.delivery, session.id);
    const isKeptBack = isThere && !isLate && !isHeld && isLooping(desk, seat, parcel);
    if (isThere && !isLate && !isHeld && !isKeptBack) return true;
    claims.drop(parcel, session.id);
    if (isLate) desk.tell(entry, { state: "expired", reason: "its ttl ended before it was sent" });
    if (isKeptBack) {
      seat.waiting.add(entry.position, entry);
      desk.onTold(seat);
    }
    return false;
  }

  async function write(batch: readonly InFlight[]): Promise<void> {
    const outcomes: Outcome[] = batch.map(() => "ended");
    const cancelStuck = clock.after(stuckAfterMs, () => desk.onStuck(seat, true));
    await new Promise<void>((resolve) => {
      writing = { sinceMs: clock.now(), batch, end: resolve };
      const settled = batch.map(async (parcel, index) => {
        try {
          await session.deliver(toRendered(parcel), desk.stopping);
          outcomes[index] = "written";
        } catch (error) {
          outcomes[index] = { error };
        }
      });
      void Promise.all(settled).then(() => resolve());
    });
    writing = undefined;
    cancelStuck();
    if (seat.isStuck) desk.onStuck(seat, false);
    const refused: InFlight[] = [];
    let isLost = false;
    let afterMs = retryMs;
    for (const [index, parcel] of batch.entries()) {
      const outcome = outcomes[index] as Outcome;
      if (outcome === "written") markSent(desk, seat, parcel);
      else if (outcome === "ended") {
        markUnconfirmed(desk, seat, parcel, "the session ended before it confirmed");
      } else if (!(outcome.error instanceof DeliveryError)) tellBug(parcel, outcome.error);
      else if (outcome.error.code === "E_SESSION_BUSY") {
        refused.push(parcel);
        desk.refund(session.id, parcel);
        afterMs = outcome.error.retryAfterMs ?? retryMs;
      } else {
        markUnconfirmed(desk, seat, parcel, outcome.error.message);
        isLost = true;
      }
    }
    if (refused.length > 0) {
      for (const parcel of refused) streamOf(parcel).ahead.push({ ...parcel, isNoted: true });
      release();
    }
    // A session that lost some is about to end. Should it not, it gets them again.
    if (isLost) rewind(Math.min(...batch.map(({ entry }) => entry.position)));
    if ((refused.length > 0 || isLost) && !isOver()) rest(afterMs);
  }

  function tellBug(parcel: InFlight, error: unknown): void {
    claims.drop(parcel, session.id);
    desk.tell(parcel.entry, { state: "dead", reason: `it cannot be written: ${String(error)}` });
    desk.log.error(line`event ${parcel.id} cannot be written, which is a bug: ${String(error)}`);
  }

  function streamOf({ entry }: Pick<InFlight, "entry">): Stream {
    return entry.unproven === true ? unproven : proven;
  }

  function release(): void {
    const all = allAhead();
    for (const parcel of all) claims.drop(parcel, session.id);
    const first = Math.min(...all.map(({ entry }) => entry.position));
    for (const stream of streams) stream.ahead = [];
    if (first < Number.POSITIVE_INFINITY) rewind(first);
  }

  function rewind(position: number): void {
    for (const { cursor } of streams) {
      cursor.high = Math.min(cursor.high, position - 1);
      cursor.rest = Math.min(cursor.rest, position - 1);
    }
    version += 1;
    kick();
  }

  function offer(position: number): void {
    const farthest = Math.max(...streams.flatMap(({ cursor }) => [cursor.high, cursor.rest]));
    if (position < lookedAt || position <= farthest) rewind(position);
  }

  function kick(): void {
    for (const stream of streams) stream.mayHaveMore = true;
    start();
  }

  function start(): void {
    if (running !== undefined || isOver() || restMs > 0) return;
    running = run().finally(() => {
      running = undefined;
      if (streams.some(({ mayHaveMore }) => mayHaveMore)) start(); // What came after the last look.
    });
  }

  return {
    kick,
    rewind,
    offer,
    release,
    restart() {
      generation += 1;
      release();
      wantsCatchUp = true;
      rewind(1);
    },
    end() {
      cancelRest();
      release();
    },
    giveUp: () => writing?.end(),
    isWriting: ({ position }) => writing?.batch.some(({ entry }) => entry.position === position) ?? false,
    writingSinceMs: () => writing?.sinceMs,
    async quiet() {
      while (running !== undefined) await running;
    },
  };
}
