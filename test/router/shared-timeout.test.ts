import { expect, test } from "vitest";
import { createSharedTimeout } from "../../src/router/shared-timeout.ts";
import { manualClock } from "../support/manual-clock.ts";

function setUp() {
  const clock = manualClock();
  const patience = createSharedTimeout(clock, 100);
  const late: string[] = [];
  const wait = (name: string) => patience(() => late.push(name));
  return { clock, late, wait };
}

test("each wait is told when its own time is over, and not when it ended before", async () => {
  const { clock, late, wait } = setUp();
  wait("a");
  await clock.advance(40);
  const cancel = wait("b");
  wait("c");
  cancel();
  await clock.advance(59);
  expect(late).toEqual([]);
  await clock.advance(1);
  expect(late).toEqual(["a"]);
  await clock.advance(39);
  expect(late).toEqual(["a"]);
  await clock.advance(1);
  expect(late).toEqual(["a", "c"]);
});

test("a wait that begins long after the last one has its whole time", async () => {
  const { clock, late, wait } = setUp();
  wait("a")();
  await clock.advance(1_000);
  wait("b");
  await clock.advance(99);
  expect(late).toEqual([]);
  await clock.advance(1);
  expect(late).toEqual(["b"]);
});
