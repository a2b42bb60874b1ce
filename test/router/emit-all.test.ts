// Emit of many at once: cheaper for what nobody wants, and otherwise the same as one call for each.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChannelValues } from "../../src/config/values.ts";
import type { Arrival, Outcome } from "../../src/contract.ts";
import { DeliveryError } from "../../src/errors.ts";
import type { PlannedSource } from "../../src/plan/plan.ts";
import { createCounter, createEmit } from "../../src/router/emit.ts";
import { createMemory } from "../../src/router/memory.ts";
import { createTraceRing } from "../../src/router/trace-ring.ts";
import { compileOf } from "../plan/plan-of.ts";
import { manualClock } from "../support/manual-clock.ts";

type Channels = Readonly<Record<string, Partial<ChannelValues>>>;

async function sourceOf(channels: Channels): Promise<PlannedSource> {
  const { plan, issues } = await compileOf(channels);
  expect(issues).toEqual([]);
  return plan.sources[0] as PlannedSource;
}

/** Commits settle by themselves, those of arrivals with `data.fail` badly, unless they are held. */
function setUp(planned: PlannedSource, { held = false } = {}) {
  const clock = manualClock();
  const counter = createCounter();
  const ring = createTraceRing(1_000, clock);
  const committed: string[] = [];
  const waiting: (() => void)[] = [];
  let fullAdmissions = 0;
  let ids = 0;
  const emit = createEmit(
    () => ({
      ...planned,
      admit(...of) {
        fullAdmissions += 1;
        return planned.admit(...of);
      },
    }),
    {
      clock,
      counter,
      memory: createMemory(clock),
      detail: "decision",
      newId: () => `e${String(++ids).padStart(6, "0")}`,
      observe: ring.add,
      observeUnmatched: ring.addUnmatched,
      refused: () => {},
      async commit({ event, deliveries }) {
        if (held) await new Promise<void>((resolve) => waiting.push(resolve));
        if ((event.data as { fail?: boolean }).fail === true)
          throw new DeliveryError("E_JOURNAL_WRITE", "the disk failed");
        committed.push(...deliveries.map(({ channel, content }) => `${channel}: ${content}`));
      },
    },
  );
  return {
    clock,
    counter,
    ring,
    committed,
    emit,
    release() {
      for (const resolve of waiting.splice(0)) resolve();
    },
    fullAdmissions: () => fullAdmissions,
  };
}

const settled = (outcome: Promise<Outcome>): Promise<string> =>
  outcome.then(
    (known) => known.outcome,
    (error: DeliveryError) => error.code,
  );

/** By arrival; those that are settled at once are known by their traces only. */
async function emitAll(
  emit: ReturnType<typeof createEmit>,
  arrivals: readonly Arrival[],
  sizes: readonly number[],
): Promise<(string | undefined)[]> {
  const outcomes: Promise<string | undefined>[] = [];
  for (let from = 0, turn = 0; from < arrivals.length; turn++) {
    const batch = arrivals.slice(from, from + (sizes[turn % sizes.length] ?? 1));
    const { count, underWay, ready } = emit.all(batch);
    expect([count, ready]).toEqual([batch.length, undefined]);
    for (let index = 0; index < batch.length; index++) {
      const pending = underWay.find((one) => one.index === index);
      outcomes.push(pending === undefined ? Promise.resolve("unmatched") : settled(pending.outcome));
    }
    from += batch.length;
  }
  return Promise.all(outcomes);
}

const sources: readonly Channels[] = [
  { errors: { match: { "data.level": "error" } } },
  { errors: { match: { "data.line": { regex: "e.*r" } } }, rest: { match: { "data.n": { gte: 3 } } } },
  { errors: { match: { "data.level": "error" }, dedupe: { key: "{{data.n}}", forMs: 60_000 } } },
  { errors: { match: { "data.level": ["error", "warn"] }, changed: { value: "data.n" } } },
  { errors: { match: { "data.level": "error" }, continue: true }, rest: { match: { "data.n": 1 } } },
  { errors: { match: { text: { contains: "err" } }, when: "data.n > 1" } },
  { sized: { when: "size(data.line) > 3" } },
  { timed: { match: { time: { gte: "2026-01-01" }, "data.level": "error" } } },
  { named: { match: { id: { suffix: "no id ends so" } } }, rest: { match: { source: "post", "data.n": 2 } } },
  { all: {} },
  {},
];

const arrivals = fc.array(
  fc
    .record(
      {
        level: fc.constantFrom("info", "warn", "error"),
        line: fc.constantFrom("", "er", "an error", "fine"),
        n: fc.nat(4),
        fail: fc.boolean(),
        deliveryId: fc.constantFrom("a", "b", "c"),
      },
      { requiredKeys: ["level", "line", "n"] },
    )
    .map(
      ({ deliveryId, ...data }): Arrival => ({
        data,
        text: data.line,
        trust: "local",
        ...(deliveryId === undefined ? {} : { deliveryId }),
      }),
    ),
  { maxLength: 60 },
);

test("outcomes, counts, traces, memory and what is committed are those of single calls", async () => {
  const planned = await Promise.all(sources.map(sourceOf));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...planned),
      arrivals,
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
      async (source, all, sizes) => {
        const single = setUp(source);
        const many = setUp(source);
        const expected = await Promise.all(all.map((arrival) => settled(single.emit(arrival))));
        expect(await emitAll(many.emit, all, sizes)).toEqual(expected);
        expect(many.counter.counts()).toEqual(single.counter.counts());
        expect(many.committed).toEqual(single.committed);
        const traces = ({ ring }: typeof single) =>
          ring.latest(1_000).sort((a, b) => (a.eventId < b.eventId ? -1 : 1));

        expect(traces(many)).toEqual(traces(single));
      },
    ),
    { numRuns: 300 },
  );
});

const noise = (count: number): Arrival[] =>
  Array.from({ length: count }, (_, n) => ({
    data: { level: "info", line: "fine", n: -n },
    text: `line ${n}`,
    trust: "local",
  }));
const error: Arrival = { data: { level: "error" }, text: "error", trust: "local" };

test("what nobody wants is admitted only when somebody looks, and of a flood only the last thousand", async () => {
  const { emit, ring, counter, fullAdmissions } = setUp(await sourceOf(sources[1] as Channels));
  for (let batch = 0; batch < 10; batch++) emit.all(noise(700));
  expect(counter.counts().unmatched).toBe(7_000);
  expect(fullAdmissions()).toBe(0);
  const [last] = ring.latest(1_000);
  expect(fullAdmissions()).toBe(1_000);
  expect(last?.trace).toMatchObject([
    { channel: "errors", filter: "match", pass: false, path: "data.line" },
    { channel: "rest", filter: "match", pass: false, path: "data.n" },
  ]);
});

test("payloads of what nobody wants are let go after a second", async () => {
  const { emit, clock, fullAdmissions } = setUp(await sourceOf(sources[0] as Channels));
  emit.all(noise(1_200));
  await clock.advance(1_000);
  expect(fullAdmissions()).toBe(1_000);
});

const text = new Set(["text", "data.line"]);
const needing = async (channels: Channels) => setUp(await sourceOf(channels)).emit.all.sieve?.needs(text);
const plain = (...texts: string[]) => ({ texts, folds: false });

test.each<[string, Channels, unknown]>([
  [
    "a regex",
    { a: { match: { "data.line": { regex: "ERROR.*(?:disk|net)" } } } },
    [[plain("ERROR"), plain("disk", "net")]],
  ],
  ["contains", { a: { match: { text: { contains: ["x", "y"] } } } }, [[plain("x", "y")]]],
  [
    "in any case",
    { a: { match: { text: { prefix: "Err", ci: true } } } },
    [[{ texts: ["err"], folds: true }]],
  ],
  ["a list of texts", { a: { match: { text: ["up", "down"] } } }, [[plain("up", "down")]]],
  [
    "several tests",
    { a: { match: { text: { prefix: "a", suffix: "b" }, "data.n": 1 } } },
    [[plain("a"), plain("b")]],
  ],
  [
    "several channels",
    { a: { match: { text: "x" } }, b: { match: { "data.line": "y" } } },
    [[plain("x")], [plain("y")]],
  ],
  ["any", { a: { match: { any: [{ text: "x" }, { text: "y" }] } } }, [[plain("x")], [plain("y")]]],
  ["none", { a: { match: { none: [{ text: "x" }] } } }, undefined],
  ["not", { a: { match: { text: { not: "x" } } } }, undefined],
  ["a field", { a: { match: { "data.n": 1 } } }, undefined],
  ["any, of which one is a field", { a: { match: [{ text: "x" }, { "data.n": 1 }] } }, undefined],
  ["a channel without match", { a: { match: { text: "x" } }, b: {} }, undefined],
  ["a pattern that needs nothing", { a: { match: { text: { regex: "\\d+" } } } }, undefined],
  ["no text at all", { a: { match: { text: { contains: "\uFFFD" } } } }, undefined],
])("what a text must hold for a channel to want it: %s", async (_, channels, expected) => {
  expect(await needing(channels)).toEqual(expected);
});

test("where arrivals are counted by a rate, none can be passed over", async () => {
  const planned = await sourceOf({ a: { match: { text: "x" } } });
  expect(setUp({ ...planned, rate: { max: 1, perMs: 1_000 } }).emit.all.sieve?.needs(text)).toBeUndefined();
});

test("what is passed over is unmatched, and looked at only when somebody asks", async () => {
  const { emit, ring, counter, fullAdmissions } = setUp(
    await sourceOf({ a: { match: { text: { contains: "x" } } } }),
  );
  const passed = noise(700);
  for (let batch = 0; batch < 3; batch++) emit.all.sieve?.passOver(700, (index) => passed[index] as Arrival);
  expect([counter.counts().unmatched, fullAdmissions()]).toEqual([2_100, 0]);
  const latest = ring.latest(2_000);
  expect([latest.length, new Set(latest.map(({ eventId }) => eventId)).size]).toEqual([1_000, 1_000]);
  expect(latest[0]?.trace).toMatchObject([{ channel: "a", filter: "match", pass: false, path: "text" }]);
});

test("those who watch are told of each at once", async () => {
  const { emit, ring } = setUp(await sourceOf(sources[0] as Channels));
  const seen: string[] = [];
  ring.watch(({ outcome }) => seen.push(outcome));
  emit.all(noise(1_500));
  expect(seen).toHaveLength(1_500);
});

test("no more than 256 are under way: the rest is handed back until one has settled", async () => {
  const { emit, release, committed } = setUp(await sourceOf(sources[0] as Channels), { held: true });
  const all = [...noise(10), ...Array.from({ length: 300 }, () => error)];
  const first = emit.all(all);
  expect([first.count, first.underWay.length]).toEqual([266, 256]);
  let isReady = false;
  const ready = first.ready?.then(() => {
    isReady = true;
  });
  await new Promise(setImmediate);
  expect(isReady).toBe(false);
  release();
  await ready;
  await Promise.all(first.underWay.map(({ outcome }) => outcome));
  const second = emit.all(all.slice(first.count));
  expect([second.count, second.ready]).toEqual([44, undefined]);
  release();
  await Promise.all(second.underWay.map(({ outcome }) => outcome));
  expect(committed).toHaveLength(300);
});

test("a rate holds back all that arrives, as it does for single calls, until its time has come", async () => {
  const planned = { ...(await sourceOf(sources[0] as Channels)), rate: { max: 5, perMs: 1_000 } };
  const { emit, clock, counter } = setUp(planned);
  const { count, ready } = emit.all(noise(8));
  expect(count).toBe(5);
  expect(counter.counts()).toMatchObject({ unmatched: 5, refused: 1 });
  await clock.advance(1_000);
  await ready;
  expect(emit.all(noise(3))).toEqual({ count: 3, underWay: [] });
});
