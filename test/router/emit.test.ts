import { expect, test } from "vitest";
import type { Arrival, MemoryWrite } from "../../src/contract.ts";
import type { Admission, PlannedDelivery, PlannedSource } from "../../src/plan/plan.ts";
import { type Cancellation, createCounter, createEmit } from "../../src/router/emit.ts";
import { createEventIds } from "../../src/router/event-id.ts";
import { createMemory } from "../../src/router/memory.ts";
import { neutralise } from "../../src/text/neutralise.ts";
import { manualClock } from "../support/manual-clock.ts";

const delivery: PlannedDelivery = {
  eventId: "x",
  channel: "c",
  content: neutralise("hello"),
  meta: {},
  tokens: 2,
  priority: "normal",
  untilMs: 1,
  terms: { source: "github", to: "one" },
};
const nothing: Admission = {
  outcome: "unmatched",
  deliveries: [],
  writes: [],
  pending: [],
  trace: [],
  problems: [],
};
const taken: Admission = { ...nothing, outcome: "accepted", deliveries: [delivery] };
const arrival = (deliveryId?: string): Arrival => ({
  data: {},
  text: "{}",
  trust: "verified",
  ...(deliveryId === undefined ? {} : { deliveryId }),
});

interface Commit {
  readonly signal: Cancellation;
  resolve(): void;
  reject(error: Error): void;
}

function setUp(more: { admit?: PlannedSource["admit"]; rate?: PlannedSource["rate"] } = {}) {
  const clock = manualClock();
  const commits: Commit[] = [];
  const counter = createCounter();
  const memory = createMemory(clock);
  const source = {
    name: "github",
    type: { type: "http" },
    admit: more.admit ?? (() => taken),
    rate: more.rate,
  };
  const emit = createEmit(() => source as unknown as PlannedSource, {
    clock,
    memory,
    counter,
    detail: "decision",
    newId: createEventIds(),
    observe: () => {},
    observeUnmatched: () => {},
    refused: () => {},
    commit: (_, signal) =>
      new Promise((resolve, reject) => commits.push({ signal, resolve: () => resolve(undefined), reject })),
  });
  return { clock, commits, counter, memory, emit };
}

test("the sender is answered when the commit settles, not before", async () => {
  const { emit, commits, counter } = setUp();
  let outcome: unknown;
  const answered = emit(arrival()).then((settled) => {
    outcome = settled;
  });
  await Promise.resolve();
  expect(outcome).toBeUndefined();
  commits[0]?.resolve();
  await answered;
  expect(outcome).toMatchObject({ outcome: "accepted" });
  expect(counter.counts()).toMatchObject({ accepted: 1 });
});

test("the same delivery twice is one event, and shares the fate of a commit under way", async () => {
  const { emit, commits } = setUp();
  const first = emit(arrival("d1"));
  const second = emit(arrival("d1"));
  expect(commits).toHaveLength(1);
  commits[0]?.resolve();
  const [one, two] = await Promise.all([first, second]);
  expect(two).toEqual({ eventId: one.eventId, outcome: "duplicate" });
});

test("a delivery whose commit failed is new when it comes again", async () => {
  const { emit, commits } = setUp();
  const first = emit(arrival("d1"));
  const second = emit(arrival("d1"));
  commits[0]?.reject(new Error("gone"));
  await expect(first).rejects.toThrow("gone");
  await expect(second).rejects.toThrow("gone");
  const third = emit(arrival("d1"));
  expect(commits).toHaveLength(2);
  commits[1]?.resolve();
  expect(await third).toMatchObject({ outcome: "accepted" });
});

test("an unmatched delivery may be delivered again, after the config was changed to want it", async () => {
  let answer = nothing;
  const { emit, commits } = setUp({ admit: () => answer });
  expect(await emit(arrival("d1"))).toMatchObject({ outcome: "unmatched" });
  answer = taken;
  const again = emit(arrival("d1"));
  commits[0]?.resolve();
  expect(await again).toMatchObject({ outcome: "accepted" });
});

test("a delivery id is forgotten after 24 hours", async () => {
  const { emit, commits, clock } = setUp();
  const first = emit(arrival("d1"));
  commits[0]?.resolve();
  await first;
  clock.set(clock.now() + 24 * 60 * 60 * 1_000 - 1);
  expect(await emit(arrival("d1"))).toMatchObject({ outcome: "duplicate" });
  clock.set(clock.now() + 1);
  const again = emit(arrival("d1"));
  commits[1]?.resolve();
  expect(await again).toMatchObject({ outcome: "accepted" });
});

test("after ten seconds the sender is told to try again and the event is withdrawn", async () => {
  const { emit, commits, clock, counter } = setUp();
  const late = emit(arrival("d1")).catch((error: unknown) => error);
  await clock.advance(9_999);
  expect(commits[0]?.signal.aborted).toBe(false);
  await clock.advance(1);
  expect(commits[0]?.signal.aborted).toBe(true);
  expect(await late).toMatchObject({ code: "E_SESSION_BUSY", retryable: true, retryAfterMs: 5_000 });
  expect(counter.counts()).toMatchObject({ accepted: 0, refused: 1 });
});

test("an event that was written after its sender gave up is known when it comes again", async () => {
  const { emit, commits, clock } = setUp();
  const late = emit(arrival("d1")).catch((error: unknown) => error);
  await clock.advance(10_000);
  await late;
  commits[0]?.resolve();
  expect(await emit(arrival("d1"))).toMatchObject({ outcome: "duplicate" });
});

test("filters' writes become fact only with the commit", async () => {
  const write: MemoryWrite = { scope: "c/dedupe/1", key: "k", value: 1, limit: 10 };
  const { emit, commits, memory } = setUp({ admit: () => ({ ...taken, writes: [write] }) });
  const first = emit(arrival()).catch(() => "refused");
  expect(memory.get("c/dedupe/1", "k")?.pending).toBeInstanceOf(Promise);
  commits[0]?.reject(new Error("disk full"));
  expect(await first).toBe("refused");
  expect(memory.get("c/dedupe/1", "k")).toBeUndefined();
});

test("the 257th event under way waits for its turn, in order", async () => {
  const { emit, commits } = setUp();
  const underWay = Array.from({ length: 256 }, () => emit(arrival()));
  const waiting = [emit(arrival()), emit(arrival())];
  await Promise.resolve();
  expect(commits).toHaveLength(256);
  commits[0]?.resolve();
  await underWay[0];
  await Promise.resolve();
  expect(commits).toHaveLength(257);
  commits[256]?.resolve();
  expect(await waiting[0]).toMatchObject({ outcome: "accepted" });
  await Promise.resolve();
  commits[257]?.resolve();
  expect(await waiting[1]).toMatchObject({ outcome: "accepted" });
});

test("an event is refused when too many wait already, or when its turn does not come in ten seconds", async () => {
  const { emit, clock, counter } = setUp();
  const all = Array.from({ length: 256 + 1_024 }, () => emit(arrival()).catch((error: unknown) => error));
  await expect(emit(arrival())).rejects.toMatchObject({ code: "E_OUTSTANDING", retryable: true });
  // Those that were under way give up first, and make room for as many that waited; the rest waited too long.
  await clock.advance(10_000);
  await clock.advance(10_000);
  const codes = (await Promise.all(all)).map((error) => (error as { code: string }).code);
  expect(codes.filter((code) => code === "E_SESSION_BUSY")).toHaveLength(2 * 256);
  expect(codes.filter((code) => code === "E_OUTSTANDING")).toHaveLength(1_024 - 256);
  expect(counter.counts()).toMatchObject({ accepted: 0, refused: 256 + 1_024 + 1 });
});

test("over its rate a source is told when the next one may come", async () => {
  const { emit, clock } = setUp({ admit: () => nothing, rate: { max: 2, perMs: 60_000 } });
  await emit(arrival());
  await clock.advance(10_000);
  await emit(arrival());
  await expect(emit(arrival())).rejects.toMatchObject({ code: "E_RATE", retryAfterMs: 50_000 });
  await clock.advance(50_000);
  expect(await emit(arrival())).toMatchObject({ outcome: "unmatched" });
});

test("a delivery that is known uses up no rate, however often it is sent again", async () => {
  const { emit, commits } = setUp({ rate: { max: 2, perMs: 60_000 } });
  const first = emit(arrival("d1"));
  commits[0]?.resolve();
  await first;
  for (let n = 0; n < 10; n++) expect(await emit(arrival("d1"))).toMatchObject({ outcome: "duplicate" });
  const second = emit(arrival("d2"));
  commits[1]?.resolve();
  expect(await second).toMatchObject({ outcome: "accepted" });
  await expect(emit(arrival("d3"))).rejects.toMatchObject({ code: "E_RATE" });
});

test("a proof is remembered for its own time, an id for its own, and neither is a part of the event", async () => {
  const { emit, commits, clock } = setUp();
  const proven = (hash: string, deliveryId?: string): Arrival => ({
    ...arrival(deliveryId),
    known: { idMs: 5_000, proof: { hash, ms: 1_000 } },
  });
  const first = emit(proven("h1", "d1"));
  commits[0]?.resolve();
  await first;
  expect(await emit(proven("h1"))).toMatchObject({ outcome: "duplicate" });
  expect(await emit(proven("h2", "d1"))).toMatchObject({ outcome: "duplicate" });
  clock.set(clock.now() + 1_000);
  expect(await emit(proven("h3", "d1"))).toMatchObject({ outcome: "duplicate" });
  const later = emit(proven("h1"));
  commits[1]?.resolve();
  expect(await later).toMatchObject({ outcome: "accepted" });
  clock.set(clock.now() + 4_000);
  const last = emit(proven("h4", "d1"));
  commits[2]?.resolve();
  expect(await last).toMatchObject({ outcome: "accepted" });
});
