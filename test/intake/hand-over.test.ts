// How arrivals get from a reader to `emit`: bounded, in order, and tried again until they are taken.

import { expect, test } from "vitest";
import type { Arrival, Emit, Outcome } from "../../src/contract.ts";
import { DeliveryError } from "../../src/errors.ts";
import { createHandOver } from "../../src/intake/hand-over.ts";
import { manualClock } from "../support/manual-clock.ts";

const arrival = (n: number): Arrival => ({ data: n, text: `${n}`, trust: "local" });
const taken: Outcome = { eventId: "e", outcome: "accepted" };
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("at most 256 are under way, and the next waits for one of them", async () => {
  const open: (() => void)[] = [];
  const emit: Emit = () => new Promise((resolve) => open.push(() => resolve(taken)));
  const hand = createHandOver(emit, manualClock(), new AbortController().signal);
  for (let n = 0; n < 255; n++) await hand.give(arrival(n));
  let isGiven = false;
  const last = hand.give(arrival(255)).then(() => {
    isGiven = true;
  });
  await settle();
  expect([open.length, isGiven]).toEqual([256, false]);
  open[100]?.();
  await last;
  for (const finish of open) finish();
  await hand.settled();
});

test("what is safe is told in the order given, whatever was settled first", async () => {
  const open: (() => void)[] = [];
  const emit: Emit = () => new Promise((resolve) => open.push(() => resolve(taken)));
  const hand = createHandOver(emit, manualClock(), new AbortController().signal);
  const safe: number[] = [];
  for (const n of [0, 1, 2]) await hand.give(arrival(n), () => safe.push(n));
  open[2]?.();
  open[1]?.();
  await settle();
  expect(safe).toEqual([]);
  open[0]?.();
  await hand.settled();
  expect(safe).toEqual([0, 1, 2]);
});

test("a refusal stops the giving; it is tried again after what it asks for, in order, and then the giving goes on", async () => {
  const clock = manualClock();
  let isFull = true;
  const got: unknown[] = [];
  const emit: Emit = async ({ data }) => {
    if (isFull) throw new DeliveryError("E_JOURNAL_FULL", "the disk is full", { retryAfterMs: 10_000 });
    got.push(data);
    return taken;
  };
  const hand = createHandOver(emit, clock, new AbortController().signal);
  const given = [1, 2, 3].map((n) => hand.give(arrival(n)));
  await settle();
  expect(hand.held()).toBe("3 events wait to be taken: the disk is full");
  isFull = false;
  await clock.advance(9_999);
  expect(got).toEqual([]);
  await clock.advance(1);
  await Promise.all(given);
  await hand.give(arrival(4));
  await hand.settled();
  expect(got).toEqual([1, 2, 3, 4]);
  expect(hand.held()).toBeUndefined();
});

test("the pauses between tries grow to half a minute", async () => {
  const clock = manualClock();
  const tries: number[] = [];
  const emit: Emit = async () => {
    tries.push(clock.now());
    throw new DeliveryError("E_SESSION_BUSY", "busy");
  };
  const stop = new AbortController();
  const hand = createHandOver(emit, clock, stop.signal);
  await hand.give(arrival(1));
  const settled = hand.settled();
  await clock.advance(150_000);
  const pauses = tries.slice(1).map((atMs, index) => atMs - (tries[index] ?? 0));
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  stop.abort(new Error("stopped"));
  await expect(settled).rejects.toThrow("stopped");
});

test("a stop ends the waiting and all further tries", async () => {
  const clock = manualClock();
  let tries = 0;
  const emit: Emit = async () => {
    tries += 1;
    throw new DeliveryError("E_SESSION_BUSY", "busy");
  };
  const stop = new AbortController();
  const hand = createHandOver(emit, clock, stop.signal);
  await hand.give(arrival(1));
  const given = hand.give(arrival(2));
  await settle();
  stop.abort(new Error("stopped"));
  await expect(given).rejects.toThrow("stopped");
  await expect(hand.give(arrival(3))).rejects.toThrow("stopped");
  await clock.advance(60_000);
  expect(tries).toBe(1);
});

test("what no further try can mend ends it with that error", async () => {
  const refused = new DeliveryError("E_JOURNAL_CLOSED", "gone", { retryable: false });
  const hand = createHandOver(() => Promise.reject(refused), manualClock(), new AbortController().signal);
  await hand.give(arrival(1)).catch(() => undefined);
  await expect(hand.settled()).rejects.toBe(refused);
});
