// After a power cut the journal holds what was synced. Everything that a session got before the cut and gets again carries `attempt`,
// and nothing that was accepted is missing.

import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, type FakeSession, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

/** What the session got for the second time without `attempt`. */
function silentRepeats(before: readonly FakeSession[], after: FakeSession): string[] {
  const had = new Set(before.flatMap(({ got }) => got.map(({ eventId }) => eventId)));
  return after.got
    .filter(({ eventId, meta }) => had.has(eventId) && meta.attempt === undefined)
    .map(({ eventId }) => eventId);
}

test("what was sent in the last moment is sent again with attempt", async () => {
  const first = bench.attach("a");
  await bench.quiet();
  await bench.event("e1");
  await bench.quiet();
  expect(first.seen()).toEqual(["e1"]);
  await bench.powerCut();
  const again = bench.attach("b");
  await bench.quiet();
  expect(again.seen()).toEqual(["e1#2"]);
  expect(
    bench.changes.find(({ reason }) => reason?.includes("just before the machine went down")),
  ).toMatchObject({ id: "e1" });
});

test("what was sent a second before is synced, and not sent again", async () => {
  bench.attach("a");
  await bench.event("e1");
  await bench.quiet();
  await bench.clock.advance(1_100);
  await bench.quiet();
  await bench.powerCut();
  const again = bench.attach("b");
  await bench.quiet();
  expect(again.seen()).toEqual([]);
});

test("what had waited for long has its reservation synced before it is sent", async () => {
  for (const id of ["e1", "e2", "e3"]) await bench.event(id);
  await bench.quiet();
  await bench.clock.advance(60_000);
  const first = bench.attach("a");
  await bench.quiet();
  expect(first.seen()).toEqual(["e1", "e2", "e3"]);
  await bench.powerCut();
  const again = bench.attach("b");
  await bench.quiet();
  expect(again.seen()).toEqual(["e1#2", "e2#2", "e3#2"]);
});

test("what was fetched in the last moment is given again with attempt", async () => {
  await bench.event("e1");
  await bench.quiet();
  await bench.clock.advance(60_000);
  bench.attach("a", { state: "no" });
  await bench.quiet();
  const fetched = await bench.fetch("a");
  expect(fetched.events.map(({ eventId }) => eventId)).toEqual(["e1"]);
  fetched.confirm();
  await bench.quiet();
  await bench.powerCut();
  const again = bench.attach("b");
  await bench.quiet();
  expect(again.seen()).toEqual(["e1#2"]);
});

test("an event that arrives now waits for the disk once, and a backlog not once for each event", async () => {
  bench.attach("a");
  await bench.event("e1");
  await bench.quiet();
  const syncs = bench.syncs();
  await bench.event("e2");
  await bench.quiet();
  expect(bench.syncs() - syncs).toBe(1);
  await bench.close();
  bench = await openBench();
  await Promise.all(Array.from({ length: 20 }, (_, n) => bench.event(`e${n}`)));
  await bench.quiet();
  await bench.clock.advance(60_000);
  const waiting = bench.syncs();
  const session = bench.attach("a");
  await bench.quiet();
  expect(session.seen()).toHaveLength(20);
  expect(bench.syncs() - waiting).toBeLessThanOrEqual(2);
});

test("events that shaping may hold back are not marked, so that they still join a digest", async () => {
  await bench.close();
  bench = await openBench({ isShaped: (channel) => channel === "shaped" });
  const first = bench.attach("a");
  await bench.quiet();
  for (const id of ["e1", "e2"]) await bench.event(id, { channel: "shaped" });
  await bench.quiet();
  expect(first.seen()).toEqual(["e1", "e2"]);
  first.stall();
  await bench.event("e3", { channel: "shaped" });
  await bench.quiet();
  await bench.event("e4", { channel: "shaped" });
  await bench.quiet();
  await bench.powerCut();
  const again = bench.attach("b");
  await bench.quiet();
  // Their reservations were synced. The fourth was never sent.
  expect(again.seen()).toEqual(["e3#2", "e4"]);
});

test("what nobody can have got carries no attempt: not after a kill, a proper end with a restart of the machine, or a long wait", async () => {
  await bench.event("old");
  await bench.quiet();
  await bench.clock.advance(60_000);
  await bench.event("new");
  await bench.quiet();
  await bench.crash();
  await bench.restart(true);
  await bench.event("newer");
  await bench.quiet();
  await bench.clock.advance(60_000);
  await bench.event("newest");
  await bench.quiet();
  await bench.powerCut();
  const again = bench.attach("a");
  await bench.quiet();
  // Accepted in the last seconds: nobody can say.
  expect(again.seen()).toEqual(["old", "new", "newer", "newest#2"]);
});

test("an event that may be sent only once is not given up for it", async () => {
  const first = bench.attach("a");
  await bench.quiet();
  await bench.event("e1", { receipt: { ackWithinMs: 60_000, attempts: 1 } });
  await bench.quiet();
  expect(first.seen()).toEqual(["e1"]);
  await bench.powerCut();
  const again = bench.attach("b");
  await bench.quiet();
  expect(again.seen()).toEqual(["e1"]);
});

test("whatever happened before the cut, nothing is missing and no repeat is without attempt", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          { weight: 4, arbitrary: fc.constant("event" as const) },
          { weight: 1, arbitrary: fc.constant("all" as const) },
          { weight: 2, arbitrary: fc.constant("attach" as const) },
          { weight: 1, arbitrary: fc.constant("end" as const) },
          { weight: 1, arbitrary: fc.constant("stall" as const) },
          fc.integer({ min: 1, max: 9_000 }),
        ),
        { minLength: 3, maxLength: 14 },
      ),
      async (steps) => {
        const one = await openBench();
        try {
          const sessions: FakeSession[] = [];
          const sent: string[] = [];
          for (const step of steps) {
            if (typeof step === "number") await one.clock.advance(step);
            else if (step === "attach") sessions.push(one.attach(`s${sessions.length}`));
            else if (step === "end") sessions.at(-1)?.end();
            else if (step === "stall") sessions.at(-1)?.stall();
            else {
              sent.push(`e${sent.length}`);
              await one.event(sent.at(-1) as string, step === "all" ? { to: "all" } : {});
            }
            await one.quiet();
          }
          await one.powerCut();
          const last = one.attach("last");
          await one.quiet();
          expect(silentRepeats(sessions, last)).toEqual([]);
          const had = new Set([...sessions, last].flatMap(({ got }) => got.map(({ eventId }) => eventId)));
          expect(sent.filter((id) => !had.has(id))).toEqual([]);
        } finally {
          await one.close();
        }
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);
