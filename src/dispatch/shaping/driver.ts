// Shaping at work on the journal: reads what was accepted in its order, tells the shaper, and does what it says: puts groups into
// digests, ends what was superseded, lets go. Keeps nothing that the journal does not have, so that an owner that dies
// leaves nothing behind: the next one reads the open entries again and comes to the same groups.

import { scopeOf } from "../../apart.ts";
import type { Clock } from "../../contract.ts";
import { DeliveryError } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { OpenEntry } from "../../journal/open-entries.ts";
import { type Delivery, isFinal, type StateChange } from "../../journal/records.ts";
import { foldGroup, type MemberText, newestIds } from "../../plan/fold.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Closing, GroupLimits } from "../../shaping/groups.ts";
import type { Member } from "../../shaping/member.ts";
import type { ShapingOptions } from "../../shaping/options.ts";
import {
  type Action,
  createShaper,
  type Hold,
  type ShapingCounts,
  type Spent,
} from "../../shaping/shaper.ts";
import type { Dispatcher } from "../dispatcher.ts";
import { findEntry, isUnsent, unsent, yieldToEventLoop } from "../entries.ts";
import { createCadences } from "./cadences.ts";
import { shapedEntry } from "./entry.ts";
import { shaperOptions, styleOf } from "./plan.ts";
import { createSpending } from "./spending.ts";

export interface ShapingParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly plan: Plan;
  /** For tests: those of the shaper. */
  readonly limits?: GroupLimits;
  newId(nowMs: number): string;
  /** Asked when something is to be done: it is made after this. */
  dispatcher(): Pick<Dispatcher, "wake" | "revisit" | "revisitFrom" | "end">;
}

export interface Shaping {
  /** Settles when everything that was open at the start has been looked at. Until then it is held. */
  readonly ready: Promise<void>;
  /** Another plan is in force. */
  apply(plan: Plan): void;
  /** Something was appended on these channels. Wakes the dispatcher once it was looked at. */
  appended(channels: readonly string[]): void;
  /** For the dispatcher. */
  holds(entry: OpenEntry, delivery: Delivery, sessionId: string | undefined): boolean;
  spend(sessionId: string, spent: Spent): void;
  observe(change: StateChange): void;
  /** What holds an event back now, if anything. */
  holdOf(member: Member): Hold | undefined;
  report(): ShapingReport;
  /** Begins nothing more; settles when nothing is being folded. */
  stop(): Promise<void>;
}

export interface ShapingReport {
  /** By channel, since the start. */
  readonly counts: ReadonlyMap<string, ShapingCounts>;
  readonly open: readonly OpenGroup[];
}

export interface OpenGroup {
  readonly channel: string;
  readonly reason: Closing["reason"];
  readonly key: string;
  readonly count: number;
  readonly dueMs: number;
}

const pageSize = 256;
/** Pages of one channel that are read before another channel has its turn. */
const maxPages = 16;
/** How many digests are made at once: they share a group commit. */
const maxFolds = 64;
const retryMs = 1_000;
/** Longer timers overflow in Node and would fire at once. */
const maxTimerMs = 24 * 60 * 60_000;

export function createShaping(parts: ShapingParts): Shaping {
  const { journal, clock, newId, dispatcher } = parts;
  let { plan } = parts;
  const cadences = createCadences(journal);
  const shaper = createShaper(
    { cadence: cadences.get, isOpen: (member) => openEntry(member) !== undefined },
    parts.limits,
  );
  const spending = createSpending(journal, clock, shaper.hours);
  /** By channel that must be read: how far it was. */
  const cursors = new Map<string, number>();
  const dirty = new Set<string>();
  /** Digests that are being committed. */
  const coming = new Set<string>();
  /** The first position that dispatch asked about before it was read. */
  let asked = Number.POSITIVE_INFINITY;
  let running: Promise<void> | undefined;
  let isStopped = false;
  let cancelTimer = () => {};
  let timerMs = Number.POSITIVE_INFINITY;

  function openEntry(member: Member): OpenEntry | undefined {
    const entry = findEntry(journal, member);
    return entry !== undefined && isUnsent(entry) ? entry : undefined;
  }

  function apply(next: Plan): void {
    plan = next;
    const options = shaperOptions(plan);
    for (const name of shaper.configure(options)) {
      const shaping = options.channels.get(name);
      if (shaping !== undefined && mustRead(shaping)) cursors.set(name, 0);
      else cursors.delete(name);
      dirty.add(name);
      const [entry] = journal.page({ channel: name, states: unsent, limit: 1 });
      asked = Math.min(asked, entry?.position ?? asked);
    }
    work();
  }

  function work(): void {
    if (running !== undefined || isStopped) return;
    running = run().finally(() => {
      running = undefined;
      if (dirty.size > 0 || shaper.nextMs() <= clock.now()) work();
      else arm();
    });
  }

  async function run(): Promise<void> {
    let count = 0;
    let most: number | undefined;
    for (const channel of dirty) {
      dirty.delete(channel);
      count += await read(channel);
      if (count < maxPages * pageSize) continue;
      // All that was open by then, for no group may close while its members are still to come; what comes meanwhile is for the next
      // run, or a flood would keep every group open.
      most ??= count + journal.stats().open;
      if (count >= most) break;
      await yieldToEventLoop();
    }
    await act(shaper.actions(clock.now()));
    if (isStopped) return;
    const from = asked;
    asked = Number.POSITIVE_INFINITY;
    if (from < asked) dispatcher().revisitFrom(from);
    dispatcher().wake();
  }

  /** Settles with how many entries were read. */
  async function read(channel: string): Promise<number> {
    let count = 0;
    for (let turns = 1; !isStopped; turns++) {
      if (turns > maxPages) {
        // Behind all others that have something: a flood on one channel holds back no other.
        dirty.add(channel);
        return count;
      }
      const after = cursors.get(channel);
      if (after === undefined) return count;
      const page = journal.page({ channel, states: unsent, after, limit: pageSize });
      const last = page.at(-1);
      if (last === undefined) return count;
      count += page.length;
      const deliveries = await journal.deliveries(page);
      // A reload came in between: it is read from the beginning.
      if (cursors.get(channel) !== after) continue;
      const nowMs = clock.now();
      for (const [index, entry] of page.entries()) {
        const delivery = deliveries[index];
        // What cannot be read is dispatch's to end; what was folded or sent meanwhile is not there any more.
        if (delivery !== undefined && openEntry(entry) !== undefined && !coming.has(entry.id))
          shaper.enter(shapedEntry(entry, delivery), nowMs);
      }
      cursors.set(channel, last.position);
      await act(shaper.actions(nowMs, true));
    }
    return count;
  }

  async function act(actions: readonly Action[]): Promise<void> {
    let folds: Promise<void>[] = [];
    for (const action of actions) {
      if (isStopped) return;
      if (action.do === "ask") asked = Math.min(asked, action.position);
      else if (action.do === "supersede") {
        const { member, by } = action;
        dispatcher().end(member, { state: "superseded", reason: `${by} took its place` });
      } else folds.push(fold(action.closing));
      if (folds.length < maxFolds) continue;
      await Promise.all(folds);
      folds = [];
    }
    await Promise.all(folds);
  }

  async function fold(closing: Closing): Promise<void> {
    const { channel, reason, key, isPart, unproven } = closing;
    const entries = [...closing.members.keys()].flatMap((id) => openEntry({ id, channel }) ?? []);
    const alive = entries.map(({ id }) => id);
    const lastId = alive.at(-1);
    const { options } = styleOf(plan, channel);
    const closed = () => {
      if (reason === "digest" && !isPart && lastId !== undefined && options.digest !== undefined)
        cadences.set({ ...options.digest, scope: scopeOf(options.digest.scope, unproven === true) }, key, {
          closedMs: clock.now(),
          lastId,
        });
    };
    if (alive.length === 0 || (alive.length === 1 && !isPart)) {
      closed();
      shaper.settle(closing, lastId === undefined ? "gone" : "released", clock.now());
      for (const { position } of entries) asked = Math.min(asked, position);
      return;
    }
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    const newest = newestIds(closing, alive).map((id) => byId.get(id) as OpenEntry);
    const deliveries = await journal.deliveries(newest);
    const texts = new Map<string, MemberText>();
    for (const [index, entry] of newest.entries()) {
      const delivery = deliveries[index];
      if (delivery === undefined) continue;
      const { atMs } = shapedEntry(entry, delivery).shaping;
      texts.set(entry.id, { content: delivery.content, meta: delivery.meta, atMs });
    }
    const nowMs = clock.now();
    const id = newId(nowMs);
    const { delivery, members } = foldGroup(closing, alive, texts, {
      id,
      nowMs,
      shaping: styleOf(plan, channel),
    });
    const { eventId: _, ...record } = delivery;
    coming.add(id);
    try {
      await journal.append({ id, delivery: record, members });
    } catch (error) {
      coming.delete(id);
      if (!(error instanceof DeliveryError)) throw error;
      if (error.code !== "E_JOURNAL_CLOSED") shaper.reopen(closing, clock.now() + retryMs);
      return;
    }
    closed();
    shaper.settle(closing, "folded", nowMs);
    const [entry] = journal.entries(id);
    if (entry !== undefined) shaper.enter(shapedEntry(entry, record), clock.now());
    coming.delete(id);
    dispatcher().revisit(id);
  }

  function arm(): void {
    const nextMs = shaper.nextMs();
    if (isStopped || nextMs === timerMs) return;
    cancelTimer();
    timerMs = nextMs;
    if (nextMs === Number.POSITIVE_INFINITY) return;
    cancelTimer = clock.after(Math.min(Math.max(0, nextMs - clock.now()), maxTimerMs), () => {
      timerMs = Number.POSITIVE_INFINITY;
      work();
    });
  }

  async function stop(): Promise<void> {
    if (!isStopped) spending.flush();
    isStopped = true;
    cancelTimer();
    while (running !== undefined) await running;
  }

  void journal.ended.then(stop);
  apply(plan);
  const ready = (async () => {
    while (running !== undefined) await running;
  })();

  return {
    ready,
    apply,
    appended(channels) {
      let mustWait = false;
      for (const channel of channels) {
        if (!cursors.has(channel)) continue;
        dirty.add(channel);
        mustWait = true;
      }
      if (mustWait) work();
      else dispatcher().wake();
    },
    holds(entry, delivery, sessionId) {
      if (coming.has(entry.id)) return true;
      const cursor = cursors.get(entry.channel);
      if (cursor !== undefined && entry.position > cursor) {
        asked = Math.min(asked, entry.position);
        return true;
      }
      const isHeld = shaper.holds(shapedEntry(entry, delivery), sessionId, clock.now());
      if (isHeld) arm();
      return isHeld;
    },
    spend(sessionId, spent) {
      shaper.spend(sessionId, spent, clock.now());
      spending.keep(sessionId);
    },
    observe(change) {
      if (isFinal(change)) shaper.ended(change);
    },
    holdOf: shaper.holdOf,
    report: () => ({
      counts: shaper.counts(),
      open: shaper.groups().map(({ channel, reason, key, facts, dueMs }) => ({
        channel,
        reason,
        key,
        count: facts.count,
        dueMs,
      })),
    }),
    stop,
  };
}

/** Whether each event of the channel must be looked at, whoever is there. */
function mustRead({ throttle, digest, supersedes, quiet }: ShapingOptions): boolean {
  return throttle?.overflow === "digest" || digest !== undefined || supersedes || quiet.length > 0;
}
