// Nothing is stranded: in calm, each open event that was not sent is held by shaping, or matches no session, or some session was
// told of it and gets it with `pending`. And what a session is told waits is what its `pending` gives.

import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { type DeliveryOptions, writeDeliveryOptions } from "../../src/dispatch/delivery-options.ts";
import { type Bench, type FakeSession, openBench, type SessionOptions } from "./bench.ts";

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const unsent = (of: Bench) =>
  of.journal
    .page({ states: ["accepted", "held"], limit: 10_000 })
    .filter(({ channel }) => channel !== "router")
    .map(({ id }) => id);

/** What each session gets with `pending`, given back afterwards. */
async function fetchable(of: Bench, sessions: readonly FakeSession[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const { id } of sessions) {
    await of.quiet();
    const told = of.dispatcher.waiting(id);
    const fetched = await of.dispatcher.pending(id, 10_000);
    found.set(
      id,
      fetched.events.filter(({ channel }) => channel !== "router").map(({ eventId }) => eventId),
    );
    fetched.abandon();
    expect(fetched.events.length + fetched.left, `${id} was told that ${told} wait`).toBe(told);
  }
  return found;
}

test("events of one thread that the loop guard kept back are had by somebody, whoever ends", async () => {
  bench = await openBench();
  let count = 0;
  const events = async (many: number) => {
    for (let n = 0; n < many; n++) await bench?.event(`e${++count}`, { thread: "t" });
    await bench?.quiet();
  };
  const a = bench.attach("a");
  await events(75);
  expect(a.seen()).toHaveLength(30);
  await bench.clock.advance(10);
  const b = bench.attach("b");
  await bench.quiet();
  await events(20);
  await bench.clock.advance(10);
  const c = bench.attach("c");
  await bench.quiet();
  a.end();
  await bench.quiet();
  const had = await fetchable(bench, [b, c]);
  expect([...new Set([...had.values()].flat())].sort()).toEqual(unsent(bench).sort());
  const came = [...a.seen(), ...b.seen(), ...c.seen(), ...[...had.values()].flat()];
  expect(new Set(came.map((id) => id.replace(/#\d+$/, ""))).size).toBe(95);
});

test("a conversation that moves to another session takes what was not sent with it", async () => {
  bench = await openBench();
  const [a, b] = [bench.attach("a", { label: "a" }), bench.attach("b", { label: "b" })];
  // Thread 1 sticks to a, thread 2 of the same conversation to b.
  await bench.event("e1", { thread: "1", conversation: "c", to: { label: "a" } });
  await bench.quiet();
  a.stall();
  for (let n = 2; n < 300; n++) await bench.event(`e${n}`, { conversation: "c" });
  await bench.event("x1", { thread: "2", conversation: "c", to: { label: "b" } });
  await bench.quiet();
  a.resume();
  await bench.quiet();
  const had = await fetchable(bench, [a, b]);
  expect(new Set([...a.seen(), ...b.seen(), ...[...had.values()].flat()]).size).toBe(300);
});

test("a digest that takes the place of an event that waited is had in its stead", async () => {
  bench = await openBench();
  const a = bench.attach("a");
  for (let n = 1; n <= 35; n++) await bench.event(`e${n}`, { thread: "t" });
  await bench.quiet();
  expect(bench.dispatcher.waiting("a")).toBe(5);
  const fold = async (id: string, members: string[]) => {
    const delivery = {
      channel: "ci",
      content: "both",
      meta: {},
      tokens: 1,
      terms: writeDeliveryOptions({ source: "s", to: "one" }),
    };
    const of = members.map((member) => ({ id: member, channel: "ci" }));
    await bench?.journal.append({ id, members: of, delivery });
  };
  await fold("d1", ["e31", "e32"]);
  bench.dispatcher.revisit("d1");
  await bench.quiet();
  expect(a.seen().at(-1)).toBe("d1");
  expect(bench.dispatcher.waiting("a")).toBe(3);
  await fold("d2", ["e33", "e34"]);
  expect(bench.dispatcher.waiting("a")).toBe(1);
  bench.dispatcher.revisit("d2");
  await bench.quiet();
  expect(a.seen().at(-1)).toBe("d2");
});

type Step =
  | {
      readonly do: "events";
      readonly many: number;
      readonly to: number;
      readonly thread: number;
      readonly conversation: number;
      readonly high: boolean;
      readonly held: boolean;
    }
  | { readonly do: "attach"; readonly state: number; readonly label: number }
  | { readonly do: "stall" | "resume" | "end" | "deafen" | "fetch" | "back"; readonly which: number }
  | { readonly do: "crash" | "restart" | "check" | "letGo" }
  | { readonly do: "wait"; readonly ms: number };

const which = fc.nat(5);
const labels = ["odd", "even"] as const;
const targets: readonly DeliveryOptions["to"][] = [
  "one",
  "one",
  "one",
  "all",
  { label: "odd" },
  { label: "none" },
];
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("events" as const),
      many: fc.oneof(fc.constantFrom(1, 2, 3), fc.constantFrom(35, 40, 150)),
      to: fc.nat(targets.length - 1),
      thread: fc.nat(2),
      conversation: fc.nat(1),
      high: fc.boolean(),
      held: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("attach" as const), state: fc.nat(2), label: fc.nat(1) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("stall", "resume", "end", "deafen", "fetch", "back"),
      which,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("crash", "restart", "check", "check", "letGo") }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 5_000, 61_000) }),
  },
);

/** A session as its client sees it: it lives on when the owner changes. */
interface Living {
  readonly id: string;
  readonly startedMs: number;
  readonly label: string;
  session: FakeSession;
  isStalled: boolean;
}

async function play(steps: readonly Step[]): Promise<void> {
  const held = new Set<string>();
  const mine = await openBench({ catchUp: 4, holds: ({ id }) => held.has(id) });
  bench = mine;
  const { clock } = mine;
  const to = new Map<string, DeliveryOptions["to"]>();
  let living: Living[] = [];
  let count = 0;
  let names = 0;
  const fetched: { readonly session: string; readonly id: string; readonly isPlain: boolean }[] = [];
  const ever: FakeSession[] = [];
  const attach = (id: string, options: SessionOptions) => {
    const session = mine.attach(id, options);
    ever.push(session);
    return session;
  };
  const pick = (n: number) => living[n % Math.max(1, living.length)];

  function comeBack(one: Living): void {
    const { id, startedMs, label, session } = one;
    one.session = attach(id, { startedMs, label, state: session.state });
    one.isStalled = false;
  }

  async function check(): Promise<void> {
    for (const { session } of living) session.resume();
    await mine.quiet();
    // One that did not read is known to read again only when its write ends.
    const sessions = living.map(({ session }) => session);
    const had = await fetchable(mine, sessions);
    const all = new Set([...had.values()].flat());
    for (const id of unsent(mine)) {
      const target = to.get(id) ?? "one";
      const isForSomebody = living.some(
        ({ label }) => typeof target === "string" || ("label" in target && target.label === label),
      );
      expect(held.has(id) || !isForSomebody || all.has(id), `${id} (to ${JSON.stringify(target)})`).toBe(
        true,
      );
    }
  }

  for (const step of steps) {
    await clock.advance(1);
    switch (step.do) {
      case "events":
        for (let n = 0; n < step.many; n++) {
          const id = `e${++count}`;
          const target = targets[step.to] ?? "one";
          to.set(id, target);
          if (step.held) held.add(id);
          await mine.event(id, {
            to: target,
            ...(step.thread === 0 ? {} : { thread: `t${step.thread}` }),
            ...(step.conversation === 0 ? {} : { conversation: `c${step.conversation}` }),
            ...(step.high ? { priority: "high", channel: "alarm" } : {}),
          });
        }
        break;
      case "attach": {
        const state = (["yes", "no", "unknown"] as const)[step.state] ?? "yes";
        const label = labels[step.label] ?? "odd";
        const id = `s${++names}`;
        const startedMs = clock.now();
        living.push({
          id,
          startedMs,
          label,
          session: attach(id, { startedMs, label, state }),
          isStalled: false,
        });
        break;
      }
      case "stall":
        pick(step.which)?.session.stall();
        break;
      case "resume":
        pick(step.which)?.session.resume();
        break;
      case "deafen": {
        const one = pick(step.which);
        if (one !== undefined) one.session.state = one.session.state === "no" ? "yes" : "no";
        mine.dispatcher.wake();
        break;
      }
      case "end": {
        const one = pick(step.which);
        one?.session.end();
        living = living.filter((other) => other !== one);
        break;
      }
      case "back": {
        const one = pick(step.which);
        if (one !== undefined) {
          one.session.end();
          comeBack(one);
        }
        break;
      }
      case "fetch": {
        const one = pick(step.which);
        if (one === undefined) break;
        const { events, confirm } = await mine.fetch(one.id, 5);
        for (const { eventId: id, meta } of events)
          fetched.push({ session: one.id, id, isPlain: meta.attempt === undefined });
        confirm();
        break;
      }
      case "crash":
      case "restart":
        if (step.do === "restart") for (const { session } of living) session.resume();
        await (step.do === "crash" ? mine.crash() : mine.restart());
        for (const one of living) comeBack(one);
        break;
      case "letGo":
        for (const id of held) {
          held.delete(id);
          mine.dispatcher.revisit(id);
        }
        break;
      case "wait":
        await clock.advance(step.ms);
        break;
      case "check":
        await check();
        break;
    }
  }
  await check();
  const pushed = ever.flatMap(({ id: session, got }) =>
    got.map(({ eventId: id, meta }) => ({ session, id, isPlain: meta.attempt === undefined })),
  );
  const plain = new Set<string>();
  for (const { session, id, isPlain } of [...pushed, ...fetched]) {
    if (!isPlain) continue;
    // To one: once. To all: once to each.
    const key = to.get(id) === "all" ? `${id} to ${session}` : id;
    expect(plain.has(key), `${key} came twice without attempt`).toBe(false);
    plain.add(key);
  }
  await mine.close();
  bench = undefined;
}

const numRuns = Number(process.env.CALM_RUNS ?? 15);

test("in calm nothing is stranded, whatever happened before", async () => {
  await fc.assert(fc.asyncProperty(fc.array(anyStep, { maxLength: 30 }), play), { numRuns, timeout: 30_000 });
}, 600_000);

test("in calm nothing of a busy thread is stranded while sessions come and go", async () => {
  const burst = fc.record({
    do: fc.constant("events" as const),
    many: fc.constantFrom(3, 20, 45),
    to: fc.constantFrom(0, 0, 0, 3, 4),
    thread: fc.constantFrom(1, 1, 2),
    conversation: fc.nat(1),
    high: fc.constant(false),
    held: fc.constant(false),
  });
  const arrival = fc.record({ do: fc.constant("attach" as const), state: fc.constant(0), label: fc.nat(1) });
  const step = fc.oneof(
    { weight: 4, arbitrary: burst },
    { weight: 3, arbitrary: arrival },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("end" as const, "fetch" as const), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("check" as const) }) },
  );
  const steps = fc.array(step, { minLength: 6, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(steps, (some) =>
      play([{ do: "attach", state: 0, label: 0 }, { do: "attach", state: 0, label: 1 }, ...some]),
    ),
    { numRuns, timeout: 30_000 },
  );
}, 600_000);
