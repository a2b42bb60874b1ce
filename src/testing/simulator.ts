// A plan at work without a journal, a port or a clock: what its channels admit, shape and would deliver, and when. It runs the same
// admission and the same shaping as the router; time stands still until it is moved, so the same arrivals give the same answer.
//
//   const rehearsal = createRehearsal({ plan, startMs: 0 });
//   rehearsal.send("github", arrival);        // now; gives the admission with its trace
//   rehearsal.advance(10 * 60_000);           // time passes: windows close, digests come, quiet ends
//   rehearsal.delivered();                    // what one listening session was sent, in order, digests included
//   rehearsal.ended();                        // what never will be: superseded, expired, folded into which digest
//   rehearsal.waiting();                      // what is held back at this moment, and by what
//
// `dev` runs it beside the real clock: `accept` takes what the router has admitted, `nextMs` says when to advance.

import { isUnproven, scopeOf } from "../apart.ts";
import type { Arrival, MemoryWrite, RouterEvent } from "../contract.ts";
import { shapedEntry } from "../dispatch/shaping/entry.ts";
import { shaperOptions, styleOf } from "../dispatch/shaping/plan.ts";
import { UsageError } from "../errors.ts";
import type { PlannedDelivery } from "../plan/delivery.ts";
import { foldGroup, type MemberText, newestIds } from "../plan/fold.ts";
import type { Admission, Plan } from "../plan/plan.ts";
import { createEventIds } from "../router/event-id.ts";
import { firstKnown, marksOf, withoutMarks, writeOf } from "../router/known-deliveries.ts";
import { createMemory } from "../router/memory.ts";
import { describeHold } from "../shaping/describe.ts";
import { type Cadence, readCadence, writeCadence } from "../shaping/digest.ts";
import type { Closing } from "../shaping/groups.ts";
import type { Member, ShapedEntry } from "../shaping/member.ts";
import { createShaper, type Hold } from "../shaping/shaper.ts";

export interface SimulatorOptions {
  readonly plan: Plan;
  readonly startMs: number;
  /** Of the one session that is there. Default `rehearsal`. */
  readonly session?: string;
  newId?(nowMs: number): string;
  /** Told of each delivery, which is not kept for `delivered` then. */
  onDelivered?(delivery: RehearsedDelivery): void;
  /** Told of each end, which is not kept for `ended` then. */
  onEnded?(end: RehearsedEnd): void;
}

export interface Rehearsed {
  readonly event: RouterEvent;
  /** Absent when its delivery id had been seen before. */
  readonly admission?: Admission;
  readonly outcome: Admission["outcome"];
}

export interface RehearsedDelivery {
  readonly timeMs: number;
  readonly delivery: Rehearsable;
  /** The events that it stands for: itself, or the members of a digest, oldest first. */
  readonly members: readonly string[];
}

/** A digest may have no end. */
export type Rehearsable = Omit<PlannedDelivery, "untilMs"> & { readonly untilMs?: number };

export interface RehearsedEnd extends Member {
  readonly timeMs: number;
  readonly state: "superseded" | "expired" | "folded";
  /** One line, with the id of the event that took its place. */
  readonly reason: string;
}

export interface RehearsedWait extends Member {
  readonly hold?: Hold;
  /** One line. */
  readonly reason: string;
}

export interface Simulator {
  nowMs(): number;
  /** Throws a UsageError for a source that the plan does not have, or that is off. */
  send(source: string, arrival: Arrival): Rehearsed;
  /** Takes deliveries that were admitted elsewhere. */
  accept(event: RouterEvent, deliveries: readonly PlannedDelivery[]): void;
  /** Moves time on to then; does nothing when it has passed. */
  advance(toMs: number): void;
  /** When something will happen by itself; Infinity for never. */
  nextMs(): number;
  delivered(): readonly RehearsedDelivery[];
  ended(): readonly RehearsedEnd[];
  waiting(): readonly RehearsedWait[];
}

interface Entry {
  readonly shaped: ShapedEntry;
  readonly delivery: Rehearsable;
  readonly atMs: number;
  /** Of a digest. */
  readonly members?: readonly string[];
}

export function createSimulator(options: SimulatorOptions): Simulator {
  const { plan, startMs, session = "rehearsal", newId = createEventIds() } = options;
  let nowMs = startMs;
  let position = 0;
  const clock = { now: () => nowMs, after: () => () => {} };
  const memory = createMemory(clock);
  const cadences = createMemory(clock);
  const open = new Map<string, Entry>();
  const delivered: RehearsedDelivery[] = [];
  const ended: RehearsedEnd[] = [];
  const tellDelivery = options.onDelivered ?? ((delivery) => delivered.push(delivery));
  const tellEnd = options.onEnded ?? ((end) => ended.push(end));
  const shaper = createShaper({
    cadence: (scope, key) => readCadence(cadences.get(scope, key)?.value),
    isOpen: (member) => open.has(keyOf(member)),
  });
  shaper.configure(shaperOptions(plan));

  function remember(of: typeof memory, writes: readonly MemoryWrite[]): void {
    of.stage(writes, Promise.resolve());
  }

  function enter(delivery: Rehearsable, atMs: number, place = ++position, members?: readonly string[]): void {
    const { eventId: id, channel, priority, untilMs } = delivery;
    const shaped = shapedEntry(
      {
        id,
        channel,
        priority,
        position: place,
        attempt: 0,
        changedMs: atMs,
        ...(untilMs === undefined ? {} : { untilMs }),
      },
      delivery,
    );
    open.set(keyOf(delivery), { shaped, delivery, atMs, ...(members === undefined ? {} : { members }) });
    shaper.enter(shaped, nowMs);
  }

  function end({ id, channel }: Member, state: RehearsedEnd["state"], reason: string): void {
    open.delete(keyOf({ id, channel }));
    shaper.ended({ id, channel });
    tellEnd({ id, channel, timeMs: nowMs, state, reason });
  }

  function fold(closing: Closing): void {
    const { channel } = closing;
    const alive = [...closing.members.keys()].filter((id) => open.has(keyOf({ id, channel })));
    noteCadence(closing, alive.at(-1));
    if (alive.length < 2 && !closing.isPart) {
      shaper.settle(closing, alive.length === 0 ? "gone" : "released", nowMs);
      return;
    }
    const entries = alive.map((id) => [id, open.get(keyOf({ id, channel })) as Entry] as const);
    const byId = new Map(entries);
    const texts = new Map(
      newestIds(closing, alive).map((id): [string, MemberText] => {
        const { delivery, shaped } = byId.get(id) as Entry;
        return [id, { content: delivery.content, meta: delivery.meta, atMs: shaped.shaping.atMs }];
      }),
    );
    const digest = foldGroup(closing, alive, texts, {
      id: newId(nowMs),
      nowMs,
      shaping: styleOf(plan, channel),
    });
    const last = Math.max(...entries.map(([, { shaped }]) => shaped.position));
    const members = entries.flatMap(([id, entry]) => entry.members ?? [id]);
    for (const id of alive) end({ id, channel }, "folded", `folded into digest ${digest.delivery.eventId}`);
    shaper.settle(closing, "folded", nowMs);
    enter(digest.delivery, nowMs, last, members);
  }

  function noteCadence(
    { reason, channel, key, isPart, unproven }: Closing,
    lastId: string | undefined,
  ): void {
    const digest = styleOf(plan, channel).options.digest;
    if (reason !== "digest" || isPart || digest === undefined || lastId === undefined) return;
    const cadence: Cadence = { closedMs: nowMs, lastId };
    const { everyMs } = digest;
    const scope = scopeOf(digest.scope, unproven === true);
    remember(cadences, [
      { scope, key, value: writeCadence(cadence), untilMs: nowMs + everyMs, limit: Number.POSITIVE_INFINITY },
    ]);
  }

  /** All that is to be done at this moment. */
  function settle(): void {
    for (const { shaped } of [...open.values()])
      if (shaped.untilMs !== undefined && shaped.untilMs <= nowMs)
        end(shaped, "expired", "its ttl ended before it was sent");
    for (let actions = shaper.actions(nowMs); actions.length > 0; actions = shaper.actions(nowMs)) {
      for (const action of actions) {
        if (action.do === "supersede") end(action.member, "superseded", `${action.by} took its place`);
        if (action.do === "fold") fold(action.closing);
      }
    }
    const order = { high: 0, normal: 1, low: 1 };
    const next = [...open.values()].sort(
      (a, b) => order[a.shaped.priority] - order[b.shaped.priority] || a.shaped.position - b.shaped.position,
    );
    for (const { shaped, delivery, members } of next) {
      if (shaper.holds(shaped, session, nowMs)) continue;
      const { channel, tokens, meta } = shaped;
      shaper.spend(session, { channel, tokens, unproven: isUnproven(meta.trust) }, nowMs);
      open.delete(keyOf(shaped));
      tellDelivery({ timeMs: nowMs, delivery, members: members ?? [shaped.id] });
    }
  }

  function nextMs(): number {
    let next = shaper.nextMs();
    for (const { shaped } of open.values()) next = Math.min(next, shaped.untilMs ?? next);
    return next;
  }

  function accept(event: RouterEvent, deliveries: readonly PlannedDelivery[]): void {
    for (const delivery of deliveries) enter(delivery, event.timeMs);
    settle();
  }

  return {
    nowMs: () => nowMs,
    send(source, arrival) {
      const planned = plan.sources.find(({ name, enabled }) => name === source && enabled);
      if (planned === undefined) throw new UsageError("E_USAGE", `no source called ${source} is on`);
      const kept = withoutMarks(arrival);
      const event = { ...kept, id: newId(nowMs), source, connector: planned.type.type, timeMs: nowMs };
      const marks = marksOf(source, arrival);
      if (firstKnown(memory, marks) !== undefined) return { event, outcome: "duplicate" };
      const admission = planned.admit(event, memory, nowMs, { detail: "trace" });
      if (admission.deliveries.length > 0) {
        remember(memory, admission.writes);
        remember(
          memory,
          marks.map((mark) => writeOf(mark, event)),
        );
      }
      accept(event, admission.deliveries);
      return { event, admission, outcome: admission.outcome };
    },
    accept,
    advance(toMs) {
      for (let next = nextMs(); next <= toMs; next = nextMs()) {
        nowMs = Math.max(nowMs, next);
        settle();
      }
      nowMs = Math.max(nowMs, toMs);
      settle();
    },
    nextMs,
    delivered: () => delivered,
    ended: () => ended,
    waiting: () =>
      [...open.values()].map(({ shaped: { id, channel } }) => {
        const hold = shaper.holdOf({ id, channel });
        return hold === undefined
          ? { id, channel, reason: "it is looked at next" }
          : { id, channel, hold, reason: describeHold(hold) };
      }),
  };
}

function keyOf(member: Member | { readonly eventId: string; readonly channel: string }): string {
  return `${"eventId" in member ? member.eventId : member.id}/${member.channel}`;
}
