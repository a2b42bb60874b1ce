import { afterEach, beforeEach, expect, test } from "vitest";
import { DeliveryError } from "../../src/errors.ts";
import { type Bench, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

test("events come in the order in which they were accepted, and are sent for good without a receipt", async () => {
  const session = bench.attach("a");
  for (let n = 1; n <= 50; n++) await bench.event(`e${n}`, { channel: n % 2 ? "ci" : "chat" });
  await bench.quiet();
  expect(session.seen()).toEqual(Array.from({ length: 50 }, (_, n) => `e${n + 1}`));
  expect(bench.journal.stats().open).toBe(0);
});

test("high overtakes what waits, and keeps its own order", async () => {
  const session = bench.attach("a");
  await bench.quiet();
  session.stall();
  for (const id of ["e1", "e2", "e3"]) await bench.event(id);
  await bench.quiet();
  for (const id of ["h1", "h2"]) await bench.event(id, { priority: "high", channel: "alarm" });
  await bench.quiet();
  expect(session.seen()).toEqual(["e1"]);
  session.resume();
  await bench.quiet();
  expect(session.seen()).toEqual(["e1", "h1", "h2", "e2", "e3"]);
});

test("a session that does not read holds up nobody else, has one write under way, and is known for it", async () => {
  const stuck = bench.attach("a", { label: "stuck" });
  const other = bench.attach("b", { label: "other" });
  stuck.stall();
  for (let n = 0; n < 300; n++) await bench.event(`s${n}`, { to: { label: "stuck" } });
  for (let n = 0; n < 30; n++) await bench.event(`o${n}`, { to: { label: "other" } });
  await bench.quiet();
  expect(other.seen()).toHaveLength(30);
  expect(stuck.seen()).toEqual(["s0"]);
  expect(bench.dispatcher.report().sessions[0]?.stuckSinceMs).toBeUndefined();
  const sinceMs = bench.clock.now();
  await bench.clock.advance(10_000);
  expect(bench.dispatcher.report().sessions[0]?.stuckSinceMs).toBe(sinceMs);
  stuck.resume();
  await bench.quiet();
  expect(stuck.seen()).toHaveLength(300);
  expect(bench.dispatcher.report().sessions[0]?.stuckSinceMs).toBeUndefined();
});

test("what a session that does not read was not sent yet goes to another after ten seconds, and new events at once", async () => {
  const other = bench.attach("b", { startedMs: bench.clock.now() - 5 });
  const stuck = bench.attach("a");
  stuck.stall();
  for (const id of ["e1", "e2"]) await bench.event(id, { thread: "pr-7" });
  await bench.quiet();
  expect(stuck.seen()).toEqual(["e1"]);
  await bench.clock.advance(9_999);
  await bench.quiet();
  expect(other.seen()).toEqual([]);
  await bench.clock.advance(1);
  await bench.event("e3");
  await bench.quiet();
  expect(other.seen()).toEqual(["e2", "e3"]);
  stuck.resume();
  await bench.event("e4");
  await bench.quiet();
  expect(stuck.seen()).toEqual(["e1", "e4"]);
});

test("what a session that ended did not confirm goes to another with attempt 2, the rest without", async () => {
  const first = bench.attach("a", { startedMs: bench.clock.now() });
  const second = bench.attach("b", { startedMs: bench.clock.now() - 1 });
  await bench.quiet();
  first.stall();
  for (const id of ["e1", "e2", "e3"]) await bench.event(id);
  await bench.quiet();
  first.end();
  await bench.quiet();
  expect(first.seen()).toEqual(["e1"]);
  expect(second.seen()).toEqual(["e1#2", "e2", "e3"]);
});

test("after a crash only what was about to be written carries attempt", async () => {
  const before = bench.attach("a", { label: "x" });
  before.stall();
  await bench.event("e1");
  await bench.event("e0", { to: { label: "nobody" } });
  await bench.quiet();
  await bench.crash();
  await bench.event("e2");
  const after = bench.attach("a", { label: "nobody" });
  await bench.quiet();
  expect(before.seen()).toEqual(["e1"]);
  expect(after.seen()).toEqual(["e1#2", "e0", "e2"]);
});

test("an orderly stop leaves nothing in doubt", async () => {
  const before = bench.attach("a");
  await bench.event("e1");
  await bench.quiet();
  await bench.restart();
  await bench.event("e2");
  const after = bench.attach("a");
  await bench.quiet();
  expect([before.seen(), after.seen()]).toEqual([["e1"], ["e2"]]);
});

test("a stop waits for the write under way, until its deadline", async () => {
  const session = bench.attach("a");
  session.stall();
  await bench.event("e1");
  await bench.quiet();
  let stopped = false;
  const stopping = bench.dispatcher.stop(AbortSignal.timeout(5_000)).then(() => {
    stopped = true;
  });
  await bench.quiet();
  expect(stopped).toBe(false);
  session.resume();
  await stopping;
  expect(bench.lastState("e1")).toBe("sent");
});

test("a full queue is no attempt: the event waits and comes once", async () => {
  const session = bench.attach("a");
  session.refuseWith = new DeliveryError("E_SESSION_BUSY", "full", { retryAfterMs: 500 });
  await bench.event("e1");
  await bench.event("e2");
  await bench.quiet();
  session.refuseWith = undefined;
  await bench.clock.advance(500);
  await bench.quiet();
  expect(session.seen()).toEqual(["e1", "e2"]);
});

test("an event that cannot be written at all is dead and stops nothing", async () => {
  const session = bench.attach("a");
  session.refuseWith = new TypeError("meta.x is no string");
  await bench.event("e1");
  await bench.quiet();
  session.refuseWith = undefined;
  await bench.event("e2");
  await bench.quiet();
  expect(bench.lastState("e1")).toBe("dead");
  expect(session.seen()).toEqual(["e2"]);
});

test("what was superseded or expired while it waited is not sent", async () => {
  const session = bench.attach("a");
  session.stall();
  await bench.event("e1");
  await bench.event("e2");
  await bench.event("e3", { ttlMs: 1_000 });
  await bench.event("e4");
  await bench.quiet();
  await bench.journal.mark({ id: "e2", channel: "ci", state: "superseded" });
  await bench.clock.advance(1_000);
  session.resume();
  await bench.quiet();
  expect(session.seen()).toEqual(["e1", "e4"]);
  expect(bench.lastState("e3")).toBe("expired");
});

test("a digest that takes an earlier place is found when it is told of", async () => {
  const session = bench.attach("a");
  const kept = new Set(["m1"]);
  await bench.close();
  bench = await openBench({ holds: ({ id }) => kept.has(id) });
  const shaped = bench.attach("a");
  await bench.event("m1");
  await bench.event("e2");
  await bench.quiet();
  expect(shaped.seen()).toEqual(["e2"]);
  expect(bench.dispatcher.waiting("a")).toBe(0);
  await bench.journal.append({
    id: "d1",
    members: [{ id: "m1", channel: "ci" }],
    delivery: { channel: "ci", content: "digest", meta: {}, tokens: 1, terms: { to: "one" } },
  });
  bench.dispatcher.revisit("d1");
  await bench.quiet();
  expect(shaped.seen()).toEqual(["e2", "d1"]);
  expect(session.got).toEqual([]);
});

test("nothing is sent for a journal that another process has taken over", async () => {
  const session = bench.attach("a");
  await bench.quiet();
  const old = bench.dispatcher;
  await bench.event("e1", { to: { session: "b" } });
  await bench.crash();
  const late = bench.attach("b");
  await bench.until(() => late.seen().length > 0);
  expect(late.seen()).toEqual(["e1"]);
  old.attach(session);
  old.wake();
  await bench.quiet();
  expect(session.got).toEqual([]);
});
