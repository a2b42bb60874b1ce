// One bound for all bodies that nobody has vouched for.

import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { createBodyPool } from "../../src/http/body-pool.ts";

const request = {} as IncomingMessage;
const never = () => {
  throw new Error("cut");
};

function pool(more: Partial<Parameters<typeof createBodyPool>[0]> = {}) {
  const clock = { ms: 0 };
  return {
    clock,
    ...createBodyPool({ maxUnprovenBytes: 100, maxProvenBytes: 200, now: () => clock.ms, ...more }),
  };
}

test("is shared by all, and what is given back can be had again", () => {
  const { open } = pool();
  const [one, two] = [open(request, never), open(request, never)];
  expect(one.reserve(60)).toBe(true);
  expect(two.reserve(50)).toBe(false);
  expect(two.reserve(40)).toBe(true);
  one.give(30);
  expect(two.reserve(30)).toBe(true);
  two.release();
  two.release();
  expect(one.reserve(70)).toBe(true);
});

test("lets one that is alone be as large as it may", () => {
  const { open } = pool();
  const [one, two] = [open(request, never), open(request, never)];
  expect(one.reserve(500)).toBe(true);
  expect(one.reserve(500)).toBe(true);
  expect(two.reserve(1)).toBe(false);
});

test("cuts the body that has been coming for longest when it is slow, and not more than needed", () => {
  const { open, clock } = pool();
  const cut: string[] = [];
  const named = (name: string) => {
    const lease = open(request, () => {
      cut.push(name);
      lease.release();
    });
    return lease;
  };
  named("first").reserve(40);
  clock.ms = 500;
  named("second").reserve(40);
  clock.ms = 900;
  expect(named("third").reserve(30)).toBe(false);
  clock.ms = 1_001;
  expect(named("fourth").reserve(30)).toBe(true);
  expect(cut).toEqual(["first"]);
});

test("does not cut a body that is whole", () => {
  const { open, clock } = pool();
  const whole = open(request, never);
  whole.reserve(90);
  whole.read();
  clock.ms = 60_000;
  expect(open(request, never).reserve(20)).toBe(false);
});

test("counts those who have proven themselves apart: strangers cannot take their room", () => {
  const proven: IncomingMessage[] = [];
  const { open } = pool({ proven: (one) => proven.push(one) });
  const stranger = open(request, never);
  expect(stranger.reserve(100)).toBe(true);
  const known = open(request, never);
  expect(known.prove()).toBe(true);
  expect(known.reserve(150)).toBe(true);
  expect(proven).toEqual([request]);
  const signed = open(request, never);
  stranger.release();
  expect(signed.reserve(80)).toBe(true);
  // What they hold together is bounded too.
  expect(signed.prove()).toBe(false);
  known.release();
  expect(open(request, never).reserve(100)).toBe(true);
});

test("gives nothing more to a body that was released", () => {
  const { open } = pool();
  const one = open(request, never);
  one.release();
  expect([one.reserve(1), one.prove()]).toEqual([false, true]);
});
