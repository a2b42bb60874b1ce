// The doorbell in its dispatcher, on a real journal: what waits for a session that does not show channels rings there.

import { afterEach, expect, test } from "vitest";
import { type Bench, openBench } from "../bench.ts";

let bench: Bench | undefined;
afterEach(() => bench?.close());

async function open() {
  const opened = await openBench({ wakes: () => true });
  bench = opened;
  const counts: number[] = [];
  const bell = {
    isThere: () => true,
    async ring(count: number) {
      counts.push(count);
      return true;
    },
  };
  return {
    bench: opened,
    counts,
    bell,
    async pass(ms: number) {
      await opened.quiet();
      await opened.clock.advance(ms);
      await opened.quiet();
    },
  };
}

test("what waits rings, what was fetched does not, and what comes after it rings again", async () => {
  const { bench, counts, bell, pass } = await open();
  bench.attach("a", { state: "no", doorbell: bell });
  for (const id of ["e1", "e2", "e3"]) await bench.event(id);
  await pass(1_500);
  expect(counts).toEqual([3]);
  (await bench.fetch("a")).confirm();
  await pass(10 * 60_000);
  expect(counts).toEqual([3]);
  await bench.event("e4");
  await pass(1_500);
  expect(counts).toEqual([3, 1]);
});

test("a cancelled call of pending announces nothing; one that was received does, whoever comes or goes after it", async () => {
  const { bench, counts, bell, pass } = await open();
  bench.attach("a", { state: "no", doorbell: bell });
  for (const id of ["e1", "e2", "e3"]) await bench.event(id);
  (await bench.fetch("a", 1)).abandon();
  await pass(1_500);
  expect(counts).toEqual([3]);
  const received = await bench.fetch("a", 1);
  received.confirm();
  received.abandon();
  for (let n = 0; n < 3; n++) {
    const other = bench.attach(`b${n}`, { state: "no" });
    await pass(5_000);
    other.end();
    await pass(5_000);
  }
  await pass(10 * 60_000);
  expect(counts).toEqual([3]);
});

test("what waited before the session was there rings when it is ready, unless it listens", async () => {
  const { bench, counts, bell, pass } = await open();
  await bench.event("e1");
  await pass(10);
  const session = bench.attach("a", { state: "no", ready: false, doorbell: bell });
  await pass(5_000);
  expect(counts).toEqual([]);
  session.becomeReady();
  await pass(1_500);
  expect(counts).toEqual([1]);
  bench.attach("b", { state: "yes", doorbell: bell });
  await bench.event("e2");
  await pass(1_500);
  expect(counts).toEqual([1]);
});

test("an event that nobody acknowledged in time rings again", async () => {
  const { bench, counts, bell, pass } = await open();
  bench.attach("a", { state: "no", doorbell: bell });
  await bench.event("e1", { receipt: { ackWithinMs: 600_000, attempts: 3 } });
  await pass(1_500);
  (await bench.fetch("a")).confirm();
  await pass(601_000);
  await pass(1_500);
  expect(counts).toEqual([1, 1]);
});

test("an event that the client took and did not show rings", async () => {
  const { bench, counts, bell, pass } = await open();
  const session = bench.attach("a", { state: "yes", doorbell: bell });
  session.display = async () => {
    session.state = "no";
    return false;
  };
  await bench.event("e1");
  await pass(1_500);
  expect(bench.dispatcher.waiting("a")).toBe(1);
  await pass(1_500);
  expect(counts).toEqual([1]);
});

test("a session without a bell, and a channel that may not wake, are left alone", async () => {
  const silent = await openBench();
  const counts: number[] = [];
  const bell = { isThere: () => true, ring: async (count: number) => counts.push(count) > 0 };
  silent.attach("a", { state: "no", doorbell: bell });
  silent.attach("b", { state: "no" });
  await silent.event("e1");
  await silent.quiet();
  await silent.clock.advance(60_000);
  await silent.quiet();
  expect(counts).toEqual([]);
  expect(silent.dispatcher.report().sessions.map(({ rings }) => rings?.unanswered)).toEqual([0, undefined]);
  await silent.close();
});
