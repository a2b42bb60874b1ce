// However many events anybody sends, an event of a proven sender waits for a bounded number of them: pushed, caught up with, fetched, and
// counted by the loop guard.

import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, openBench } from "./bench.ts";

let bench: Bench;
const spent: [string, { channel: string; tokens: number; unproven: boolean }][] = [];
beforeEach(async () => {
  spent.length = 0;
  bench = await openBench({ catchUp: 4, spend: (...one) => void spent.push(one) });
});
afterEach(() => bench.close());

const open = { channel: "open", source: "open", unproven: true } as const;

test("behind a flood, an event of a proven sender is in the next write", async () => {
  const session = bench.attach("a");
  await bench.quiet();
  session.stall();
  for (let n = 0; n < 300; n++) await bench.event(`u${n}`, open);
  await bench.quiet();
  const before = session.seen().length;
  await bench.event("p1");
  await bench.event("p2");
  await bench.quiet();
  expect(session.seen()).toHaveLength(before);
  session.resume();
  await bench.quiet();
  const seen = session.seen();
  expect(seen.slice(before, before + 4)).toEqual(["p1", expect.any(String), "p2", expect.any(String)]);
  // Each kind keeps its own order, and nothing is left out.
  expect(seen.filter((id) => id.startsWith("u"))).toEqual(Array.from({ length: 300 }, (_, n) => `u${n}`));
});

test("a flood of high priority keeps no proven event of a lower one", async () => {
  const session = bench.attach("a");
  await bench.quiet();
  session.stall();
  for (let n = 0; n < 200; n++) await bench.event(`u${n}`, { ...open, priority: "high" });
  await bench.quiet();
  const before = session.seen().length;
  await bench.event("low", { priority: "low" });
  await bench.event("h", { priority: "high" });
  session.resume();
  await bench.quiet();
  // The next two writes.
  const next = session.seen().slice(before, before + 40);
  expect(next.filter((id) => !id.startsWith("u"))).toEqual(["h", "low"]);
});

test("a flood of proven events keeps no other for good: they take turns", async () => {
  const session = bench.attach("a");
  await bench.quiet();
  session.stall();
  for (let n = 0; n < 200; n++) await bench.event(`p${n}`);
  await bench.event("u1", open);
  session.resume();
  await bench.quiet();
  expect(session.seen().indexOf("u1")).toBeLessThan(40);
});

test("a session that comes late is sent what proven senders left before all else", async () => {
  for (let n = 0; n < 50; n++) await bench.event(`u${n}`, { ...open, priority: n % 2 ? "high" : "normal" });
  for (const id of ["p1", "p2"]) await bench.event(id);
  await bench.quiet();
  await bench.clock.advance(1_000);
  const session = bench.attach("a");
  await bench.quiet();
  expect(session.seen()).toHaveLength(4);
  expect(session.seen().filter((id) => id.startsWith("p"))).toEqual(["p1", "p2"]);
  expect(bench.dispatcher.waiting("a")).toBe(48);
});

test("pending gives both kinds in equal parts while there are both, in order", async () => {
  const session = bench.attach("a", { state: "no" });
  for (let n = 0; n < 100; n++) await bench.event(`u${n}`, open);
  for (let n = 0; n < 7; n++) await bench.event(`p${n}`);
  await bench.quiet();
  expect(session.seen()).toEqual([]);
  const first = await bench.fetch("a", 10);
  first.confirm();
  expect(first.events.map(({ eventId }) => eventId)).toEqual([
    ...["u0", "u1", "u2", "u3", "u4"],
    ...["p0", "p1", "p2", "p3", "p4"],
  ]);
  const second = await bench.fetch("a", 10);
  second.confirm();
  expect(second.events.map(({ eventId }) => eventId).filter((id) => id.startsWith("p"))).toEqual([
    "p5",
    "p6",
  ]);
  expect(second.events).toHaveLength(10);
  expect(second.left).toBe(87);
});

test("what anybody sends on a thread counts against nobody else's, and moves it to no other session", async () => {
  const first = bench.attach("a", { startedMs: bench.clock.now() - 10 });
  await bench.event("p1", { thread: "deploy" });
  await bench.quiet();
  const second = bench.attach("b");
  await bench.quiet();
  for (let n = 0; n < 60; n++) await bench.event(`u${n}`, { ...open, thread: "deploy" });
  await bench.event("p2", { thread: "deploy" });
  await bench.quiet();
  expect(first.seen()).toEqual(["p1", "p2"]);
  expect(second.seen().filter((id) => id.startsWith("u"))).toHaveLength(30);
});

test("says whose tokens were spent", async () => {
  bench.attach("a");
  await bench.event("u1", open);
  await bench.event("p1");
  await bench.quiet();
  expect(spent).toEqual([
    ["a", { channel: "open", tokens: 5, unproven: true }],
    ["a", { channel: "ci", tokens: 5, unproven: false }],
  ]);
});

test("after a crash it is the same", async () => {
  for (let n = 0; n < 40; n++) await bench.event(`u${n}`, open);
  await bench.event("p1");
  await bench.restart();
  await bench.clock.advance(1_000);
  const session = bench.attach("a");
  await bench.quiet();
  expect(session.seen()[0]).toBe("p1");
});

test("whatever comes in whatever order, each kind keeps its order and all of it comes once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ unproven: fc.boolean(), high: fc.boolean(), stall: fc.nat(9) }), {
        maxLength: 60,
      }),
      async (events) => {
        const own = await openBench({ catchUp: 1_000 });
        try {
          const session = own.attach("a");
          await own.quiet();
          for (const [n, { unproven, high, stall }] of events.entries()) {
            if (stall === 0) session.stall();
            if (stall === 1) session.resume();
            await own.event(`e${String(n).padStart(3, "0")}`, {
              ...(unproven ? open : {}),
              ...(high ? { priority: "high" } : {}),
            });
          }
          session.resume();
          await own.quiet();
          const seen = session.seen();
          expect([...seen].sort()).toEqual(events.map((_, n) => `e${String(n).padStart(3, "0")}`));
          for (const unproven of [true, false])
            for (const high of [true, false]) {
              const own = seen.filter((id) => {
                const event = events[Number(id.slice(1))];
                return event?.unproven === unproven && event.high === high;
              });
              expect(own).toEqual([...own].sort());
            }
        } finally {
          await own.close();
        }
      },
    ),
    { numRuns: 15 },
  );
});
