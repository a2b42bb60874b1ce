import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, openBench } from "./bench.ts";

const receipt = { ackWithinMs: 600_000, attempts: 3 };
let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

test("what is not acknowledged in time is sent again, so many times, then it is dead", async () => {
  const session = bench.attach("a");
  await bench.event("e1", { receipt });
  await bench.quiet();
  for (const expected of [["e1"], ["e1", "e1#2"], ["e1", "e1#2", "e1#3"]]) {
    await bench.clock.advance(599_999);
    await bench.quiet();
    expect(session.seen()).toEqual(expected);
    expect(bench.lastState("e1")).toBe("sent");
    await bench.clock.advance(1);
    await bench.quiet();
  }
  expect(session.seen()).toHaveLength(3);
  expect(bench.changes.at(-1)).toMatchObject({
    id: "e1",
    state: "dead",
    reason: "sent 3 times, never acknowledged",
  });
  expect(bench.journal.stats().open).toBe(0);
});

test("an acknowledged event does not come again, and acknowledging it twice is no error", async () => {
  const session = bench.attach("a");
  await bench.event("e1", { receipt });
  await bench.quiet();
  const first = await bench.dispatcher.ack({ eventIds: ["e1", "e1", "nix"], outcome: "handled", note: "ok" });
  expect(first).toEqual({ acked: ["e1"], settled: [], unknown: ["nix"] });
  expect(bench.changes.at(-1)).toMatchObject({ state: "acked", reason: "handled: ok" });
  const again = await bench.dispatcher.ack({ eventIds: ["e1"], outcome: "ignored", session: "b" });
  expect(again).toEqual({ acked: [], settled: ["e1"], unknown: [] });
  await bench.clock.advance(3_600_000);
  await bench.quiet();
  expect(session.seen()).toEqual(["e1"]);
});

test("an acknowledgement that overtakes the confirmation of the write counts", async () => {
  const session = bench.attach("a");
  session.stall();
  await bench.event("e1", { receipt });
  await bench.quiet();
  await bench.dispatcher.ack({ eventIds: ["e1"], outcome: "handled" });
  session.resume();
  await bench.quiet();
  expect(bench.changes.map(({ state }) => state)).toEqual(["acked"]);
});

test("acknowledging a digest settles its members", async () => {
  bench.attach("a");
  await bench.event("m1", { to: { label: "later" } });
  await bench.journal.append({
    id: "d1",
    members: [{ id: "m1", channel: "ci" }],
    delivery: {
      channel: "ci",
      content: "digest",
      meta: {},
      tokens: 1,
      terms: { to: "one", receipt: { ackWithinMs: 1_000, attempts: 2 } },
    },
  });
  bench.dispatcher.revisit("d1");
  await bench.quiet();
  expect(await bench.dispatcher.ack({ eventIds: ["d1"], outcome: "handled" })).toMatchObject({
    acked: ["d1"],
  });
  expect(await bench.dispatcher.ack({ eventIds: ["m1"], outcome: "handled" })).toMatchObject({
    settled: ["m1"],
  });
  expect(bench.journal.stats().open).toBe(0);
});

test("a new owner goes on waiting for the receipt from when the event was sent", async () => {
  bench.attach("a");
  await bench.event("e1", { receipt });
  await bench.quiet();
  await bench.clock.advance(400_000);
  await bench.restart();
  const again = bench.attach("a");
  await bench.clock.advance(199_999);
  await bench.quiet();
  expect(again.seen()).toEqual([]);
  await bench.clock.advance(1);
  await bench.quiet();
  expect(again.seen()).toEqual(["e1#2"]);
});

test("sent to all, it is sent again to all with one and the same attempt", async () => {
  const a = bench.attach("a");
  const b = bench.attach("b");
  await bench.event("e1", { to: "all", receipt: { ackWithinMs: 1_000, attempts: 2 } });
  await bench.quiet();
  await bench.clock.advance(1_000);
  await bench.quiet();
  expect([a.seen(), b.seen()]).toEqual([
    ["e1", "e1#2"],
    ["e1", "e1#2"],
  ]);
  await bench.clock.advance(1_000);
  await bench.quiet();
  expect(bench.lastState("e1")).toBe("dead");
});

test("nobody is there when a receipt is overdue: it waits for the next session", async () => {
  const session = bench.attach("a");
  await bench.event("e1", { receipt });
  await bench.quiet();
  session.end();
  await bench.clock.advance(600_000);
  await bench.quiet();
  const next = bench.attach("b");
  await bench.quiet();
  expect(next.seen()).toEqual(["e1#2"]);
});

test("more ids than a call may have are refused", async () => {
  const eventIds = Array.from({ length: 201 }, (_, n) => `e${n}`);
  await expect(bench.dispatcher.ack({ eventIds, outcome: "handled" })).rejects.toThrow(
    "event_ids has 201 ids",
  );
});
