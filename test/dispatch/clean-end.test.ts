// A session that ends in order, or an owner that does, loses no confirmation: what the client's stream took is not sent again.

import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

test("a confirmation that comes in with the end of the session counts", async () => {
  const a = bench.attach("a");
  a.stall();
  await bench.event("e1");
  await bench.quiet();
  expect(a.seen()).toEqual(["e1"]);
  a.leave();
  const b = bench.attach("b");
  await bench.quiet();
  expect(b.seen()).toEqual([]);
  expect(bench.journal.stats().open).toBe(0);
});

test("what was not confirmed goes to another session, with attempt, and what was not begun without", async () => {
  const a = bench.attach("a");
  const b = bench.attach("b", { startedMs: 1 });
  await bench.quiet();
  a.stall();
  for (let n = 1; n <= 40; n++) await bench.event(`e${n}`);
  await bench.quiet();
  const begun = a.seen();
  expect(begun.length).toBeLessThan(40);
  a.end();
  await bench.quiet();
  expect(b.seen()).toHaveLength(40);
  for (const id of b.seen()) expect(id.endsWith("#2")).toBe(begun.includes(id.replace("#2", "")));
});

test("an event that a session was about to be sent for all is not held up by its end", async () => {
  const [a, b] = [bench.attach("a"), bench.attach("b")];
  await bench.quiet();
  a.stall();
  await bench.event("e1", { to: "all" });
  await bench.quiet();
  a.leave();
  await bench.quiet();
  expect(b.seen()).toEqual(["e1"]);
  expect(bench.journal.stats().open).toBe(0);
});

test("a result of pending that is confirmed with the end of the session counts, and so does one when the owner stops", async () => {
  const a = bench.attach("a", { state: "no" });
  for (const id of ["e1", "e2", "e3"]) await bench.event(id);
  await bench.quiet();
  const first = await bench.dispatcher.pending("a", 1);
  a.leave();
  first.confirm();
  await bench.quiet();
  const b = bench.attach("b", { state: "no" });
  await bench.quiet();
  const second = await bench.dispatcher.pending("b", 1);
  setImmediate(second.confirm);
  await bench.restart();
  const c = bench.attach("c");
  await bench.quiet();
  expect([first, second].flatMap(({ events }) => events.map(({ eventId }) => eventId))).toEqual(["e1", "e2"]);
  expect([...b.seen(), ...c.seen()]).toEqual(["e3"]);
});
