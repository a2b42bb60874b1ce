// What another config makes of events that were recorded: through the admission of the router, each event at its own time and in
// order, beside what was made of it before. Nothing is sent, opened or stored; the memory of filters is its own.

import { isDeepStrictEqual } from "node:util";
import type { Json, RouterEvent } from "../../contract.ts";
import type { StoredRecord } from "../../journal/stored-events.ts";
import type { Admission, Plan, PlannedSource } from "../../plan/plan.ts";
import { createMemory, type FilterMemory } from "../../router/memory.ts";
import type { StoredShaping } from "../../shaping/options.ts";
import { createPacer } from "../../yield-to-event-loop.ts";

/** A plan, and the time that its templates and filters see. */
export interface TimedPlan {
  readonly plan: Plan;
  readonly clock: { nowMs: number };
}

export interface EventDiff {
  /** Events that were compared. */
  readonly compared: number;
  readonly newly: Differences<SentText>;
  readonly noLonger: Differences<SentText & { readonly reason: string }>;
  readonly changed: Differences<ChangedText>;
  readonly channels: readonly ChannelCounts[];
  /** Why not all events were compared. */
  readonly stopped?: "time" | "aborted";
}

/** The first ones, and how many there are. */
export interface Differences<T> {
  readonly count: number;
  readonly first: readonly T[];
  readonly byChannel: ReadonlyMap<string, number>;
}

export interface SentText {
  readonly eventId: string;
  readonly channel: string;
  readonly text: DeliveredText;
}

export interface ChangedText {
  readonly eventId: string;
  readonly channel: string;
  readonly before: DeliveredText;
  readonly after: DeliveredText;
  /** What differs: `content`, `meta`, `priority`, ... */
  readonly parts: readonly string[];
}

/** What Claude reads of one event on one channel. */
export interface DeliveredText {
  readonly content: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly tokens: number;
}

export interface ChannelCounts {
  readonly channel: string;
  readonly before: SentCount;
  readonly after: SentCount;
}

export interface SentCount {
  readonly events: number;
  readonly tokens: number;
}

export interface CompareOptions {
  readonly after: TimedPlan;
  /** Absent: what the records say was made of them. */
  readonly before?: TimedPlan | undefined;
  /** Earlier events only fill the memory of filters. */
  readonly sinceMs: number;
  /** How many differences of each kind are kept. */
  readonly keep: number;
  readonly signal?: AbortSignal | undefined;
  /** How long it may take. */
  readonly withinMs?: number;
}

type Made = DeliveredText & {
  readonly channel: string;
  readonly priority?: string;
  readonly untilMs?: number;
  readonly terms: Readonly<Record<string, unknown>>;
};

export async function compareEvents(
  records: AsyncIterable<readonly StoredRecord[]>,
  options: CompareOptions,
): Promise<EventDiff> {
  const { sinceMs, keep, signal, withinMs = Number.POSITIVE_INFINITY } = options;
  const startedMs = performance.now();
  const pace = createPacer();
  const after = new Replayer(options.after);
  const before = options.before === undefined ? undefined : new Replayer(options.before);
  const found = new Collection(keep);
  let compared = 0;
  let stopped: EventDiff["stopped"];
  reading: for await (const batch of records) {
    for (const record of batch) {
      const { event } = record;
      if (event.timeMs < sinceMs) {
        after.remember(record);
        before?.remember(record);
        continue;
      }
      if (signal?.aborted === true) stopped = "aborted";
      else if (performance.now() - startedMs > withinMs) stopped = "time";
      if (stopped !== undefined) break reading;
      const made = await after.admit(event, pace);
      const earlier = before === undefined ? record.deliveries : await before.admit(event, pace);
      found.add(event, earlier, made, {
        atCommit: (channel) => after.again(event, record.committedMs, channel),
        reason: (channel) => after.reason(event, channel),
      });
      after.keep();
      before?.keep();
      compared += 1;
    }
  }
  return { compared, ...found.result(), ...(stopped === undefined ? {} : { stopped }) };
}

/** Admits recorded events by one plan. */
class Replayer {
  readonly #sources: ReadonlyMap<string, PlannedSource>;
  readonly #clock: TimedPlan["clock"];
  readonly #memory: FilterMemory;
  #writes: Admission["writes"] = [];

  constructor({ plan, clock }: TimedPlan) {
    this.#sources = new Map(plan.sources.map((source) => [source.name, source]));
    this.#clock = clock;
    this.#memory = createMemory({ now: () => clock.nowMs, after: () => () => {} });
  }

  /** What the router remembers of an event that came before. */
  remember({ event, memory }: StoredRecord): void {
    this.#clock.nowMs = event.timeMs;
    this.#memory.stage(memory, done);
  }

  /** Settled by `keep`. */
  async admit(event: RouterEvent, pace: () => Promise<void> | undefined): Promise<readonly Made[]> {
    this.#clock.nowMs = event.timeMs;
    this.#writes = [];
    const source = this.#source(event);
    if (source === undefined) return [];
    const { admit } = source;
    let admission: Admission;
    if (admit.steps === undefined) admission = admit(event, this.#memory, event.timeMs, decision);
    else {
      const steps = admit.steps(event, this.#memory, event.timeMs, decision);
      for (;;) {
        const step = steps.next();
        if (step.done === true) {
          admission = step.value;
          break;
        }
        const turn = pace();
        if (turn !== undefined) await turn;
      }
    }
    this.#writes = admission.writes;
    return admission.deliveries;
  }

  keep(): void {
    if (this.#writes.length > 0) this.#memory.stage(this.#writes, done);
  }

  /** The same with templates that see another time: the text was made a moment after the event came. */
  again(event: RouterEvent, nowMs: number, channel: string): Made | undefined {
    this.#clock.nowMs = nowMs;
    const admission = this.#source(event)?.admit(event, this.#memory, event.timeMs, decision);
    this.#clock.nowMs = event.timeMs;
    return admission?.deliveries.find((one) => one.channel === channel);
  }

  /** Why the channel does not take it. */
  reason(event: RouterEvent, channel: string): string {
    const source = this.#sources.get(event.source);
    if (source === undefined) return `no source named ${event.source}`;
    if (!source.enabled) return `source ${event.source} is disabled`;
    const { trace } = source.admit(event, this.#memory, event.timeMs, { detail: "trace" });
    const step = trace.findLast((one) => one.channel === channel);
    if (step === undefined) return `no channel named ${channel} takes events of ${event.source}`;
    return step.detail === undefined ? step.filter : `${step.filter}: ${step.detail}`;
  }

  #source({ source }: RouterEvent): PlannedSource | undefined {
    const found = this.#sources.get(source);
    return found?.enabled === true ? found : undefined;
  }
}

const done = Promise.resolve();
const decision = { detail: "decision" } as const;

interface Explanation {
  /** What the channel would have made of it when it was committed. */
  atCommit(channel: string): Made | undefined;
  reason(channel: string): string;
}

/** Counts all differences, and keeps the first. */
class Collection {
  readonly #keep: number;
  readonly #newly = new Counted<SentText>();
  readonly #noLonger = new Counted<SentText & { readonly reason: string }>();
  readonly #changed = new Counted<ChangedText>();
  readonly #costs = new Map<string, { before: SentCount; after: SentCount }>();

  constructor(keep: number) {
    this.#keep = keep;
  }

  add(event: RouterEvent, before: readonly Made[], after: readonly Made[], why: Explanation): void {
    for (const one of before) this.#spend(one, "before");
    for (const one of after) this.#spend(one, "after");
    const eventId = event.id;
    for (const made of after) {
      const { channel } = made;
      const earlier = before.find((one) => one.channel === channel);
      if (earlier === undefined) {
        this.#newly.add(channel, this.#keep, () => ({ eventId, channel, text: textOf(made) }));
        continue;
      }
      const parts = differences(earlier, made);
      if (parts.length === 0) continue;
      const atCommit =
        parts.includes("content") || parts.includes("meta") ? why.atCommit(channel) : undefined;
      if (atCommit !== undefined && differences(earlier, atCommit).length === 0) continue;
      this.#changed.add(channel, this.#keep, () => ({
        eventId,
        channel,
        before: textOf(earlier),
        after: textOf(made),
        parts,
      }));
    }
    for (const earlier of before) {
      const { channel } = earlier;
      if (after.some((one) => one.channel === channel)) continue;
      this.#noLonger.add(channel, this.#keep, () => ({
        eventId,
        channel,
        text: textOf(earlier),
        reason: why.reason(channel),
      }));
    }
  }

  result(): Pick<EventDiff, "newly" | "noLonger" | "changed" | "channels"> {
    return {
      newly: this.#newly,
      noLonger: this.#noLonger,
      changed: this.#changed,
      channels: [...this.#costs].map(([channel, costs]) => ({ channel, ...costs })),
    };
  }

  #spend({ channel, tokens }: Made, when: "before" | "after"): void {
    const costs = this.#costs.get(channel) ?? { before: nothing, after: nothing };
    const { events, tokens: sum } = costs[when];
    costs[when] = { events: events + 1, tokens: sum + tokens };
    this.#costs.set(channel, costs);
  }
}

const nothing: SentCount = { events: 0, tokens: 0 };

class Counted<T> implements Differences<T> {
  count = 0;
  readonly first: T[] = [];
  readonly byChannel = new Map<string, number>();

  /** Each channel has its share of what is kept. */
  add(channel: string, keep: number, make: () => T): void {
    this.count += 1;
    const ofChannel = this.byChannel.get(channel) ?? 0;
    this.byChannel.set(channel, ofChannel + 1);
    if (this.first.length < keep && ofChannel < Math.ceil(keep / 5)) this.first.push(make());
  }
}

function textOf({ content, meta, tokens }: Made): DeliveredText {
  return { content, meta, tokens };
}

function differences(before: Made, after: Made): string[] {
  const isSame = (key: string) => isDeepStrictEqual(before.terms[key], after.terms[key]);
  return [
    ...(before.content === after.content ? [] : ["content"]),
    ...(isDeepStrictEqual(before.meta, after.meta) ? [] : ["meta"]),
    ...((before.priority ?? "normal") === (after.priority ?? "normal") ? [] : ["priority"]),
    ...(before.untilMs === after.untilMs ? [] : ["ttl"]),
    ...["to", "receipt", "thread"].filter((key) => !isSame(key)),
    ...(isDeepStrictEqual(shapingOf(before), shapingOf(after)) ? [] : ["flow control"]),
  ];
}

/** What flow control does with it, without times. */
function shapingOf({ terms }: Made): Json {
  const { throttled, digest, supersede } = (terms.shaping ?? {}) as Partial<StoredShaping>;
  return { throttled: throttled?.key ?? null, digest: digest ?? null, supersede: supersede ?? null };
}
