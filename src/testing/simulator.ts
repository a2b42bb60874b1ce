// Runs a plan without a journal, a port or a clock: what its channels admit, shape and would deliver, and when. It uses
// the same admission and the same shaping as the router; time only advances on request, so the same arrivals give the
// same result.
//
//   const rehearsal = createRehearsal({ plan, startMs: 0 });
//   rehearsal.send("github", arrival);        // now; returns the admission with its trace
//   rehearsal.advance(10 * 60_000);           // time passes: windows close, digests are sent, quiet time ends
//   rehearsal.delivered();                    // what one listening session was sent, in order, including digests
//   rehearsal.ended();                        // what will not be delivered: superseded, expired, folded into which digest
//   rehearsal.waiting();                      // what is held now, and by what
//
// `dev` runs it beside the real clock: `accept` takes what the router has admitted, `nextMs` says when to advance.

import type { Arrival, MemoryWrite, RouterEvent } from "../contract.ts";
import { shapedEntry } from "../dispatch/shaping/entry.ts";
import { shaperOptions, styleOf } from "../dispatch/shaping/plan.ts";
import { UsageError } from "../errors.ts";
import { isUnproven, scopeOf } from "../key-parts.ts";
import { foldGroup, type MemberText, newestIds } from "../plan/fold.ts";
import type { Admission, Plan, PlannedDelivery } from "../plan/plan.ts";
import { createEventIds } from "../router/event-id.ts";
import { firstKnown, marksOf, withoutMarks, writeOf } from "../router/known-deliveries.ts";
import { createMemory, type FilterMemory } from "../router/memory.ts";
import { describeHold } from "../shaping/describe.ts";
import { type Cadence, readCadence, writeCadence } from "../shaping/digest.ts";
import type { ClosedGroup } from "../shaping/groups.ts";
import type { Member, ShapedEntry } from "../shaping/member.ts";
import { type Hold, Shaper } from "../shaping/shaper.ts";

export interface SimulatorOptions {
  readonly plan: Plan;
  readonly startMs: number;
  /** The id of the one session. Default `rehearsal`. */
  readonly session?: string;
  newId?(nowMs: number): string;
  /** Called for each delivery, which is not kept for `delivered` then. */
  onDelivered?(delivery: RehearsedDelivery): void;
  /** Called for each end, which is not kept for `ended` then. */
  onEnded?(end: RehearsedEnd): void;
}

export interface SimulatedEvent {
  readonly event: RouterEvent;
  /** Absent when its delivery id had been seen before. */
  readonly admission?: Admission;
  readonly outcome: Admission["outcome"];
}

export interface RehearsedDelivery {
  readonly timeMs: number;
  readonly delivery: SimulatedInput;
  /** The events that it represents: itself, or the members of a digest, oldest first. */
  readonly members: readonly string[];
}

/** A digest may have no expiry. */
export type SimulatedInput = Omit<PlannedDelivery, "untilMs"> & { readonly untilMs?: number };

export interface RehearsedEnd extends Member {
  readonly timeMs: number;
  readonly state: "superseded" | "expired" | "folded";
  /** One line, with the id of the event that replaced it. */
  readonly reason: string;
}

export interface RehearsedWait extends Member {
  readonly hold?: Hold;
  /** One line. */
  readonly reason: string;
}

export interface Simulator {
  nowMs(): number;
  /** Throws a UsageError for a source that the plan does not have, or that is disabled. */
  send(source: string, arrival: Arrival): SimulatedEvent;
  /** Takes deliveries that were admitted elsewhere. */
  accept(event: RouterEvent, deliveries: readonly PlannedDelivery[]): void;
  /** Advances the time to this; does nothing when it has passed. */
  advance(toMs: number): void;
  /** The next time at which something happens by itself; Infinity for never. */
  nextMs(): number;
  delivered(): readonly RehearsedDelivery[];
  ended(): readonly RehearsedEnd[];
  waiting(): readonly RehearsedWait[];
}

interface Entry {
  readonly shaped: ShapedEntry;
  readonly delivery: SimulatedInput;
  readonly atMs: number;
  /** Of a digest. */
  readonly members?: readonly string[];
}

export function createSimulator(options: SimulatorOptions): Simulator {
  return new PlanSimulator(options);
}

class PlanSimulator implements Simulator {
  readonly #plan: SimulatorOptions["plan"];
  readonly #session: NonNullable<SimulatorOptions["session"]>;
  readonly #newId: NonNullable<SimulatorOptions["newId"]>;
  #nowMs: number;
  #position = 0;
  readonly #memory: FilterMemory;
  readonly #cadences: FilterMemory;
  readonly #open = new Map<string, Entry>();
  readonly #delivered: RehearsedDelivery[] = [];
  readonly #ended: RehearsedEnd[] = [];
  readonly #onDelivered: (delivery: RehearsedDelivery) => void;
  readonly #onEnded: (end: RehearsedEnd) => void;
  readonly #shaper: Shaper;

  constructor(options: SimulatorOptions) {
    const { plan, startMs, session = "rehearsal", newId = createEventIds() } = options;
    this.#plan = plan;
    this.#session = session;
    this.#newId = newId;
    this.#nowMs = startMs;
    const clock = { now: () => this.#nowMs, after: () => () => {} };
    this.#memory = createMemory(clock);
    const cadences = createMemory(clock);
    this.#cadences = cadences;
    this.#onDelivered = options.onDelivered ?? ((delivery) => this.#delivered.push(delivery));
    this.#onEnded = options.onEnded ?? ((end) => this.#ended.push(end));
    const shaper = new Shaper({
      cadence: (scope, key) => readCadence(cadences.get(scope, key)?.value),
      isOpen: (member) => this.#open.has(keyOf(member)),
    });
    this.#shaper = shaper;
    shaper.configure(shaperOptions(plan));
  }

  nowMs(): number {
    return this.#nowMs;
  }

  send(source: string, arrival: Arrival): SimulatedEvent {
    const planned = this.#plan.sources.find(({ name, enabled }) => name === source && enabled);
    if (planned === undefined) throw new UsageError("E_USAGE", `no enabled source named ${source}`);
    const kept = withoutMarks(arrival);
    const event = {
      ...kept,
      id: this.#newId(this.#nowMs),
      source,
      connector: planned.type.type,
      timeMs: this.#nowMs,
    };
    const marks = marksOf(source, arrival);
    if (firstKnown(this.#memory, marks) !== undefined) return { event, outcome: "duplicate" };
    const admission = planned.admit(event, this.#memory, this.#nowMs, { detail: "trace" });
    if (admission.deliveries.length > 0) {
      this.#remember(this.#memory, admission.writes);
      this.#remember(
        this.#memory,
        marks.map((mark) => writeOf(mark, event)),
      );
    }
    this.accept(event, admission.deliveries);
    return { event, admission, outcome: admission.outcome };
  }

  advance(toMs: number): void {
    for (let next = this.nextMs(); next <= toMs; next = this.nextMs()) {
      this.#nowMs = Math.max(this.#nowMs, next);
      this.#settle();
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
    this.#settle();
  }

  delivered(): readonly RehearsedDelivery[] {
    return this.#delivered;
  }

  ended(): readonly RehearsedEnd[] {
    return this.#ended;
  }

  waiting(): readonly RehearsedWait[] {
    return [...this.#open.values()].map(({ shaped: { id, channel } }) => {
      const hold = this.#shaper.holdOf({ id, channel });
      return hold === undefined
        ? { id, channel, reason: "it is looked at next" }
        : { id, channel, hold, reason: describeHold(hold) };
    });
  }

  nextMs(): number {
    let next = this.#shaper.nextMs();
    for (const { shaped } of this.#open.values()) next = Math.min(next, shaped.untilMs ?? next);
    return next;
  }

  accept(event: RouterEvent, deliveries: readonly PlannedDelivery[]): void {
    for (const delivery of deliveries) this.#enter(delivery, event.timeMs);
    this.#settle();
  }

  #remember(of: FilterMemory, writes: readonly MemoryWrite[]): void {
    of.stage(writes, Promise.resolve());
  }

  #enter(
    delivery: SimulatedInput,
    atMs: number,
    position: number = ++this.#position,
    members?: readonly string[],
  ): void {
    const { eventId: id, channel, priority, untilMs } = delivery;
    const shaped = shapedEntry(
      {
        id,
        channel,
        priority,
        position,
        attempt: 0,
        changedMs: atMs,
        ...(untilMs === undefined ? {} : { untilMs }),
      },
      delivery,
    );
    this.#open.set(keyOf(delivery), {
      shaped,
      delivery,
      atMs,
      ...(members === undefined ? {} : { members }),
    });
    this.#shaper.enter(shaped, this.#nowMs);
  }

  #end({ id, channel }: Member, state: RehearsedEnd["state"], reason: string): void {
    this.#open.delete(keyOf({ id, channel }));
    this.#shaper.ended({ id, channel });
    this.#onEnded({ id, channel, timeMs: this.#nowMs, state, reason });
  }

  #fold(closing: ClosedGroup): void {
    const { channel } = closing;
    const alive = [...closing.members.keys()].filter((id) => this.#open.has(keyOf({ id, channel })));
    this.#noteCadence(closing, alive.at(-1));
    if (alive.length < 2 && !closing.isPart) {
      this.#shaper.settle(closing, alive.length === 0 ? "gone" : "released", this.#nowMs);
      return;
    }
    const entries = alive.map((id) => [id, this.#open.get(keyOf({ id, channel })) as Entry] as const);
    const byId = new Map(entries);
    const texts = new Map(
      newestIds(closing, alive).map((id): [string, MemberText] => {
        const { delivery, shaped } = byId.get(id) as Entry;
        return [id, { content: delivery.content, meta: delivery.meta, atMs: shaped.shaping.atMs }];
      }),
    );
    const digest = foldGroup(closing, alive, texts, {
      id: this.#newId(this.#nowMs),
      nowMs: this.#nowMs,
      shaping: styleOf(this.#plan, channel),
    });
    const last = Math.max(...entries.map(([, { shaped }]) => shaped.position));
    const members = entries.flatMap(([id, entry]) => entry.members ?? [id]);
    for (const id of alive)
      this.#end({ id, channel }, "folded", `folded into digest ${digest.delivery.eventId}`);
    this.#shaper.settle(closing, "folded", this.#nowMs);
    this.#enter(digest.delivery, this.#nowMs, last, members);
  }

  #noteCadence({ reason, channel, key, isPart, unproven }: ClosedGroup, lastId: string | undefined): void {
    const digest = styleOf(this.#plan, channel).options.digest;
    if (reason !== "digest" || isPart || digest === undefined || lastId === undefined) return;
    const cadence: Cadence = { closedMs: this.#nowMs, lastId };
    const { everyMs } = digest;
    const scope = scopeOf(digest.scope, unproven === true);
    this.#remember(this.#cadences, [
      {
        scope,
        key,
        value: writeCadence(cadence),
        untilMs: this.#nowMs + everyMs,
        limit: Number.POSITIVE_INFINITY,
      },
    ]);
  }

  /** Does everything that is due now. */
  #settle(): void {
    for (const { shaped } of [...this.#open.values()])
      if (shaped.untilMs !== undefined && shaped.untilMs <= this.#nowMs)
        this.#end(shaped, "expired", "its ttl ended before it was sent");
    for (
      let actions = this.#shaper.actions(this.#nowMs);
      actions.length > 0;
      actions = this.#shaper.actions(this.#nowMs)
    ) {
      for (const action of actions) {
        if (action.do === "supersede") this.#end(action.member, "superseded", `replaced by ${action.by}`);
        if (action.do === "fold") this.#fold(action.closing);
      }
    }
    const order = { high: 0, normal: 1, low: 1 };
    const next = [...this.#open.values()].sort(
      (a, b) => order[a.shaped.priority] - order[b.shaped.priority] || a.shaped.position - b.shaped.position,
    );
    for (const { shaped, delivery, members } of next) {
      if (this.#shaper.holds(shaped, this.#session, this.#nowMs)) continue;
      const { channel, tokens, meta } = shaped;
      this.#shaper.spend(this.#session, { channel, tokens, unproven: isUnproven(meta.trust) }, this.#nowMs);
      this.#open.delete(keyOf(shaped));
      this.#onDelivered({ timeMs: this.#nowMs, delivery, members: members ?? [shaped.id] });
    }
  }
}

function keyOf(member: Member | { readonly eventId: string; readonly channel: string }): string {
  return `${"eventId" in member ? member.eventId : member.id}/${member.channel}`;
}
