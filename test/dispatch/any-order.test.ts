// Whatever happens in whatever order: sessions that come, stall, go deaf and end, owners that die, events of all kinds.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bench, type FakeSession, openBench } from "./bench.ts";

type Step =
  | {
      readonly do: "event";
      readonly to: number;
      readonly high: boolean;
      readonly thread: number;
      readonly source: number;
    }
  | { readonly do: "attach"; readonly state: number }
  | { readonly do: "stall" | "resume" | "end" | "deafen" | "fetch"; readonly which: number }
  | { readonly do: "crash" | "quiet" | "restart" }
  | { readonly do: "receipt" };

const which = fc.nat(5);
const event = fc.record({
  do: fc.constant("event" as const),
  to: fc.nat(3),
  high: fc.boolean(),
  thread: fc.nat(3),
  source: fc.nat(1),
});
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: event },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("attach" as const), state: fc.nat(2) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom("stall", "resume", "end", "deafen", "fetch"), which }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("crash", "quiet", "restart") }) },
  { weight: 2, arbitrary: fc.constant({ do: "receipt" as const }) },
);

interface Got {
  readonly id: string;
  readonly attempt: number;
  readonly session: string;
}

/** Runs the steps, then lets everything come to its end with one listening session. */
async function play(
  bench: Bench,
  steps: readonly Step[],
): Promise<{ accepted: string[]; got: Got[]; all: Set<string> }> {
  let sessions: FakeSession[] = [];
  const accepted: string[] = [];
  const all = new Set<string>();
  const fetched: Got[] = [];
  const ever: FakeSession[] = [];
  let names = 0;
  const pick = (n: number) => sessions[n % Math.max(1, sessions.length)];
  const attach = (state: "yes" | "no" | "unknown") => {
    const session = bench.attach(`s${++names}`, { state, label: names % 2 ? "odd" : "even" });
    sessions.push(session);
    ever.push(session);
    return session;
  };
  const fetch = async (session: FakeSession) => {
    const result = await bench.fetch(session.id, 5);
    for (const { eventId, meta } of result.events)
      fetched.push({ id: eventId, attempt: Number(meta.attempt ?? 1), session: session.id });
    result.confirm();
    return result.events.length;
  };

  for (const step of steps) {
    await bench.clock.advance(1);
    switch (step.do) {
      case "event": {
        const id = `e${accepted.length + 1}`;
        const to = (["one", "all", { label: "odd" }, "one"] as const)[step.to] ?? "one";
        if (to === "all") all.add(id);
        await bench.event(id, {
          to,
          source: `source${step.source}`,
          ...(step.high ? { priority: "high", channel: "alarm" } : {}),
          ...(step.thread === 0 ? {} : { thread: `t${step.thread}` }),
        });
        accepted.push(id);
        break;
      }
      case "receipt":
        await bench.event(`r${accepted.length + 1}`, { receipt: { ackWithinMs: 50, attempts: 2 } });
        accepted.push(`r${accepted.length + 1}`);
        break;
      case "attach":
        attach((["yes", "no", "unknown"] as const)[step.state] ?? "yes");
        break;
      case "stall":
        pick(step.which)?.stall();
        break;
      case "resume":
        pick(step.which)?.resume();
        break;
      case "deafen": {
        const session = pick(step.which);
        if (session !== undefined) session.state = session.state === "no" ? "yes" : "no";
        bench.dispatcher.wake();
        break;
      }
      case "end": {
        const session = pick(step.which);
        session?.end();
        sessions = sessions.filter((other) => other !== session);
        break;
      }
      case "fetch": {
        const session = pick(step.which);
        if (session !== undefined) await fetch(session);
        break;
      }
      case "crash":
      case "restart":
        for (const session of sessions) if (step.do === "restart") session.resume();
        await (step.do === "crash" ? bench.crash() : bench.restart());
        sessions = [];
        break;
      case "quiet":
        await bench.quiet();
        break;
    }
  }
  for (const session of sessions) session.end();
  await bench.quiet();
  names += names % 2;
  const last = attach("yes");
  await bench.quiet();
  await bench.until(
    async () => (await fetch(last)) === 0 && leftOf(bench).every(({ state }) => state === "sent"),
  );
  // Receipts: the second attempt, then the end.
  for (let round = 0; round < 4; round++) {
    await bench.clock.advance(60);
    await bench.quiet();
  }
  await bench.until(() => leftOf(bench).length === 0);
  const pushed = ever.flatMap((session) =>
    session.got
      .filter(({ channel }) => channel !== "router")
      .map(({ eventId, meta }) => ({ id: eventId, attempt: Number(meta.attempt ?? 1), session: session.id })),
  );
  return { accepted, got: [...pushed, ...fetched], all };
}

/** A notice may outlive an owner that died: its session is unknown to the next one, and its ttl ends it. */
function leftOf(bench: Bench) {
  return bench.journal.page({ limit: 100 }).filter(({ channel }) => channel !== "router");
}

test("every accepted event comes to somebody, and never twice without attempt", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 40 }), async (steps) => {
      const bench = await openBench({ catchUp: 4 });
      try {
        const { accepted, got, all } = await play(bench, steps);
        expect(leftOf(bench)).toEqual([]);
        for (const id of accepted) {
          const deliveries = got.filter((one) => one.id === id);
          expect(deliveries.length, `${id} came to somebody`).toBeGreaterThan(0);
          // To all: once for each session. To one: once, whoever it was.
          const groups = all.has(id)
            ? [...new Set(deliveries.map(({ session }) => session))].map((session) =>
                deliveries.filter((one) => one.session === session),
              )
            : [deliveries];
          for (const group of groups) {
            const firsts = group.filter(({ attempt }) => attempt === 1);
            expect(firsts.length, `${id} came without attempt`).toBeLessThanOrEqual(1);
            expect(new Set(group.map(({ attempt }) => attempt)).size, `attempts of ${id}`).toBe(group.length);
          }
        }
      } finally {
        await bench.close();
      }
    }),
    { numRuns: Number(process.env.ORDER_RUNS ?? 60), timeout: 20_000 },
  );
});

test("one session gets each source's events in order, through stalls and changes of owner", async () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: event },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("stall", "resume"), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("crash", "quiet", "restart") }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const bench = await openBench();
      try {
        const startedMs = bench.clock.now();
        let session = bench.attach("a", { startedMs });
        const got: { id: string; source: string; attempt: number; high: boolean }[] = [];
        const sourceOf = new Map<string, { source: string; high: boolean }>();
        const collect = () => {
          for (const { eventId, meta } of session.got)
            got.push({ id: eventId, attempt: Number(meta.attempt ?? 1), ...sourceOf.get(eventId)! });
        };
        for (const step of steps) {
          await bench.clock.advance(1);
          if (step.do === "event") {
            const id = `e${sourceOf.size + 1}`;
            sourceOf.set(id, { source: `source${step.source}`, high: step.high });
            await bench.event(id, {
              source: `source${step.source}`,
              channel: `channel${step.thread}`,
              ...(step.high ? { priority: "high" } : {}),
            });
          } else if (step.do === "stall") session.stall();
          else if (step.do === "resume") session.resume();
          else if (step.do === "quiet") await bench.quiet();
          else {
            if (step.do === "restart") session.resume();
            await (step.do === "crash" ? bench.crash() : bench.restart());
            collect();
            session = bench.attach("a", { startedMs });
          }
        }
        session.resume();
        await bench.until(() => leftOf(bench).length === 0);
        collect();
        expect(new Set(got.map(({ id }) => id)).size).toBe(sourceOf.size);
        for (const source of ["source0", "source1"])
          for (const high of [true, false]) {
            const order = got
              .filter((one) => one.source === source && one.high === high && one.attempt === 1)
              .map(({ id }) => Number(id.slice(1)));
            expect(order).toEqual([...order].sort((a, b) => a - b));
          }
      } finally {
        await bench.close();
      }
    }),
    { numRuns: Number(process.env.ORDER_RUNS ?? 60), timeout: 20_000 },
  );
});
