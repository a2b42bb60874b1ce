// Drives the shaper on the journal: reads accepted entries in order, passes them to the shaper, and does what
// it decides: folds groups into digests, ends superseded entries, releases others. It keeps nothing that the
// journal does not have, so a leader that dies leaves nothing behind: the next one reads the open entries and
// arrives at the same groups.

import type { Clock } from "../../contract.ts";
import { DeliveryError } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { OpenEntry } from "../../journal/open-entries.ts";
import { type Delivery, isFinal, type StateChange } from "../../journal/records.ts";
import { scopeOf } from "../../key-parts.ts";
import { foldGroup, type MemberText, newestIds } from "../../plan/fold.ts";
import type { Plan } from "../../plan/plan.ts";
import type { ClosedGroup, GroupLimits } from "../../shaping/groups.ts";
import type { Member } from "../../shaping/member.ts";
import type { ShapingOptions } from "../../shaping/options.ts";
import {
  type Action,
  type Hold,
  Shaper,
  type ShapingCounts,
  type SpentTokens,
} from "../../shaping/shaper.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import type { Dispatcher } from "../dispatcher.ts";
import { findEntry, isUnsent, kindOf, unsent } from "../entries.ts";
import { type Cadences, createCadences } from "./cadences.ts";
import { shapedEntry } from "./entry.ts";
import { shaperOptions, styleOf } from "./plan.ts";
import { createSpending, type Spending } from "./spending.ts";

export interface ShapingParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly plan: Plan;
  /** For tests: limits of the shaper. */
  readonly limits?: GroupLimits;
  newId(nowMs: number): string;
  /** Read when it is needed: the dispatcher is created after the driver. */
  dispatcher(): Pick<Dispatcher, "wake" | "revisit" | "revisitFrom" | "end">;
}

export interface ShapingReport {
  /** By channel, since the start. */
  readonly counts: ReadonlyMap<string, ShapingCounts>;
  readonly open: readonly OpenGroup[];
}

export interface OpenGroup {
  readonly channel: string;
  readonly reason: ClosedGroup["reason"];
  readonly key: string;
  readonly count: number;
  readonly dueMs: number;
}

const pageSize = 256;
/** Pages of one channel that are read before the next channel has its turn. */
const maxPages = 16;
/** How many digests are made at once: they share a group commit. */
const maxFolds = 64;
const retryMs = 1_000;
/** Longer timers overflow in Node and would fire at once. */
const maxTimerMs = 24 * 60 * 60_000;

export class Shaping {
  readonly #journal: ShapingParts["journal"];
  readonly #clock: ShapingParts["clock"];
  readonly #newId: ShapingParts["newId"];
  readonly #dispatcher: ShapingParts["dispatcher"];
  #plan: ShapingParts["plan"];
  readonly #cadences: Cadences;
  readonly #shaper: Shaper;
  readonly #spending: Spending;
  /** By channel with unread entries: the position reached. */
  readonly #cursors = new Map<string, number>();
  readonly #dirty = new Set<string>();
  /** Digests that are being committed. */
  readonly #coming = new Set<string>();
  /** The first position that dispatch asked about before it was read. */
  #asked = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  #isStopped = false;
  #cancelTimer = () => {};
  #timerMs = Number.POSITIVE_INFINITY;
  readonly ready: Promise<void>;
  /** What holds an event now, if anything. */
  readonly holdOf: (member: Member) => Hold | undefined;

  constructor(parts: ShapingParts) {
    const { journal, clock, newId, dispatcher } = parts;
    this.#journal = journal;
    this.#clock = clock;
    this.#newId = newId;
    this.#dispatcher = dispatcher;
    const { plan } = parts;
    this.#plan = plan;
    const cadences = createCadences(journal);
    this.#cadences = cadences;
    const shaper = new Shaper(
      { cadence: cadences.get, isOpen: (member) => this.#openEntry(member) !== undefined },
      parts.limits,
    );
    this.#shaper = shaper;
    this.#spending = createSpending(journal, clock, shaper.hours);
    void journal.ended.then(() => this.stop());
    this.apply(this.#plan);
    this.ready = (async () => {
      while (this.#running !== undefined) await this.#running;
    })();
    this.holdOf = (member) => this.#shaper.holdOf(member);
  }

  /** These were appended. Wakes the dispatcher, after reading those that are shaped. */
  appended(deliveries: readonly Pick<Delivery, "channel" | "priority" | "meta">[]): void {
    let mustWait = false;
    for (const { channel } of deliveries) {
      if (!this.#cursors.has(channel)) continue;
      this.#dirty.add(channel);
      mustWait = true;
    }
    if (mustWait) this.#work();
    else this.#dispatcher().wake(deliveries.map(kindOf));
  }

  /** For the dispatcher. */
  holds(entry: OpenEntry, delivery: Delivery, sessionId: string | undefined, nowMs: number): boolean {
    if (this.#coming.has(entry.id)) return true;
    const cursor = this.#cursors.get(entry.channel);
    if (cursor !== undefined && entry.position > cursor) {
      this.#asked = Math.min(this.#asked, entry.position);
      return true;
    }
    const isHeld = this.#shaper.holds(shapedEntry(entry, delivery), sessionId, nowMs);
    if (isHeld) this.#arm();
    return isHeld;
  }

  /** Whether each event of the channel is looked at before it is sent. */
  isShaped(channel: string): boolean {
    return this.#cursors.has(channel);
  }

  spend(sessionId: string, spent: SpentTokens): void {
    this.#shaper.spend(sessionId, spent, this.#clock.now());
    this.#spending.keep(sessionId);
  }

  observe(change: StateChange): void {
    if (isFinal(change)) this.#shaper.ended(change);
  }

  report(): ShapingReport {
    return {
      counts: this.#shaper.counts(),
      open: this.#shaper.groups().map(({ channel, reason, key, facts, dueMs }) => ({
        channel,
        reason,
        key,
        count: facts.count,
        dueMs,
      })),
    };
  }

  /** A new plan is active. */
  apply(next: Plan): void {
    this.#plan = next;
    const options = shaperOptions(this.#plan);
    for (const name of this.#shaper.configure(options)) {
      const shaping = options.channels.get(name);
      if (shaping !== undefined && mustRead(shaping)) this.#cursors.set(name, 0);
      else this.#cursors.delete(name);
      this.#dirty.add(name);
      const [entry] = this.#journal.page({ channel: name, states: unsent, limit: 1 });
      this.#asked = Math.min(this.#asked, entry?.position ?? this.#asked);
    }
    this.#work();
  }

  /** Starts nothing new; settles when nothing is being folded. */
  async stop(): Promise<void> {
    if (!this.#isStopped) this.#spending.flush();
    this.#isStopped = true;
    this.#cancelTimer();
    while (this.#running !== undefined) await this.#running;
  }

  #openEntry(member: Member): OpenEntry | undefined {
    const entry = findEntry(this.#journal, member);
    return entry !== undefined && isUnsent(entry) ? entry : undefined;
  }

  #work(): void {
    if (this.#running !== undefined || this.#isStopped) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#dirty.size > 0 || this.#shaper.nextMs() <= this.#clock.now()) this.#work();
      else this.#arm();
    });
  }

  async #run(): Promise<void> {
    let count = 0;
    let most: number | undefined;
    for (const channel of this.#dirty) {
      this.#dirty.delete(channel);
      count += await this.#read(channel);
      if (count < maxPages * pageSize) continue;
      // Includes all that was open by then, because no group may close while members are still unread; later
      // entries wait for the next run, or a flood would keep every group open.
      most ??= count + this.#journal.stats().open;
      if (count >= most) break;
      await yieldToEventLoop();
    }
    await this.#act(this.#shaper.actions(this.#clock.now()));
    if (this.#isStopped) return;
    const from = this.#asked;
    this.#asked = Number.POSITIVE_INFINITY;
    if (from < this.#asked) this.#dispatcher().revisitFrom(from);
    this.#dispatcher().wake();
  }

  /** Settles with the number of entries read. */
  async #read(channel: string): Promise<number> {
    let count = 0;
    for (let turns = 1; !this.#isStopped; turns++) {
      if (turns > maxPages) {
        // Goes behind all other channels with unread entries: a flood on one channel delays no other.
        this.#dirty.add(channel);
        return count;
      }
      const after = this.#cursors.get(channel);
      if (after === undefined) return count;
      const page = this.#journal.page({ channel, states: unsent, after, limit: pageSize });
      const last = page.at(-1);
      if (last === undefined) return count;
      count += page.length;
      const deliveries = await this.#journal.deliveries(page);
      // A reload happened in between: the channel is read from the beginning.
      if (this.#cursors.get(channel) !== after) continue;
      const nowMs = this.#clock.now();
      for (const [index, entry] of page.entries()) {
        const delivery = deliveries[index];
        // Entries that cannot be read are ended by dispatch; those folded or sent meanwhile are gone.
        if (delivery !== undefined && this.#openEntry(entry) !== undefined && !this.#coming.has(entry.id))
          this.#shaper.enter(shapedEntry(entry, delivery), nowMs);
      }
      this.#cursors.set(channel, last.position);
      await this.#act(this.#shaper.actions(nowMs, true));
    }
    return count;
  }

  async #act(actions: readonly Action[]): Promise<void> {
    let folds: Promise<void>[] = [];
    for (const action of actions) {
      if (this.#isStopped) return;
      if (action.do === "ask") this.#asked = Math.min(this.#asked, action.position);
      else if (action.do === "supersede") {
        const { member, by } = action;
        this.#dispatcher().end(member, { state: "superseded", reason: `replaced by ${by}` });
      } else folds.push(this.#fold(action.closing));
      if (folds.length < maxFolds) continue;
      await Promise.all(folds);
      folds = [];
    }
    await Promise.all(folds);
  }

  async #fold(closing: ClosedGroup): Promise<void> {
    const { channel, reason, key, isPart, unproven } = closing;
    const entries = [...closing.members.keys()].flatMap((id) => this.#openEntry({ id, channel }) ?? []);
    const alive = entries.map(({ id }) => id);
    const lastId = alive.at(-1);
    const { options } = styleOf(this.#plan, channel);
    const closed = () => {
      if (reason === "digest" && !isPart && lastId !== undefined && options.digest !== undefined)
        this.#cadences.set(
          { ...options.digest, scope: scopeOf(options.digest.scope, unproven === true) },
          key,
          {
            closedMs: this.#clock.now(),
            lastId,
          },
        );
    };
    if (alive.length === 0 || (alive.length === 1 && !isPart)) {
      closed();
      this.#shaper.settle(closing, lastId === undefined ? "gone" : "released", this.#clock.now());
      for (const { position } of entries) this.#asked = Math.min(this.#asked, position);
      return;
    }
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    const newest = newestIds(closing, alive).map((id) => byId.get(id) as OpenEntry);
    const deliveries = await this.#journal.deliveries(newest);
    const texts = new Map<string, MemberText>();
    for (const [index, entry] of newest.entries()) {
      const delivery = deliveries[index];
      if (delivery === undefined) continue;
      const { atMs } = shapedEntry(entry, delivery).shaping;
      texts.set(entry.id, { content: delivery.content, meta: delivery.meta, atMs });
    }
    const nowMs = this.#clock.now();
    const id = this.#newId(nowMs);
    const { delivery, members } = foldGroup(closing, alive, texts, {
      id,
      nowMs,
      shaping: styleOf(this.#plan, channel),
    });
    const { eventId: _, ...record } = delivery;
    this.#coming.add(id);
    try {
      await this.#journal.append({ id, delivery: record, members });
    } catch (error) {
      this.#coming.delete(id);
      if (!(error instanceof DeliveryError)) throw error;
      if (error.code !== "E_JOURNAL_CLOSED") this.#shaper.reopen(closing, this.#clock.now() + retryMs);
      return;
    }
    closed();
    this.#shaper.settle(closing, "folded", nowMs);
    const [entry] = this.#journal.entries(id);
    if (entry !== undefined) this.#shaper.enter(shapedEntry(entry, record), this.#clock.now());
    this.#coming.delete(id);
    this.#dispatcher().revisit(id);
  }

  #arm(): void {
    const nextMs = this.#shaper.nextMs();
    if (this.#isStopped || nextMs === this.#timerMs) return;
    this.#cancelTimer();
    this.#timerMs = nextMs;
    if (nextMs === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#clock.after(
      Math.min(Math.max(0, nextMs - this.#clock.now()), maxTimerMs),
      () => {
        this.#timerMs = Number.POSITIVE_INFINITY;
        this.#work();
      },
    );
  }
}

/** Whether each event of the channel must be read, whichever sessions are attached. */
function mustRead({ throttle, digest, supersedes, quiet }: ShapingOptions): boolean {
  return throttle?.overflow === "digest" || digest !== undefined || supersedes || quiet.length > 0;
}
