// Unproven events are admitted in slices, between which everything else has its turn.

import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createSlowLane } from "../../src/router/slow-lane.ts";

/** A lane on a clock that the work itself moves. */
function setUp() {
  let nowMs = 0;
  const done: number[] = [];
  const lane = createSlowLane(() => nowMs);
  const work = (n: number, costMs: number) =>
    lane.run(async () => {
      nowMs += costMs;
      done.push(n);
      return n;
    });
  return { done, work };
}

test("while there is time work is done at once, and the lane is out of the way", async () => {
  const { done, work } = setUp();
  const results = [work(1, 1), work(2, 1)];
  expect(done).toEqual([1, 2]);
  expect(await Promise.all(results)).toEqual([1, 2]);
});

test("of a flood each turn of the event loop has a slice, in order, and nothing is left", async () => {
  const { done, work } = setUp();
  const results = Array.from({ length: 20 }, (_, n) => work(n, 2));
  // Five milliseconds: the third began within them.
  expect(done).toHaveLength(3);
  const counts: number[] = [];
  while (done.length < 20) {
    await turn();
    counts.push(done.length);
  }
  expect(counts).toEqual([6, 9, 12, 15, 18, 20]);
  expect(await Promise.all(results)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  await turn();
  work(20, 2);
  expect(done).toHaveLength(21);
});

test("work that fails fails its own caller only", async () => {
  const lane = createSlowLane();
  const failed = lane.run(() => Promise.reject(new Error("no")));
  await expect(failed).rejects.toThrow("no");
  expect(await lane.run(async () => "yes")).toBe("yes");
});
