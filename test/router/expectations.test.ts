// `expect: 1h` of a source: the event that says that nothing came, whatever the source's type, over restarts and reloads.

import { expect, test } from "vitest";
import type { Json } from "../../src/contract.ts";
import { DeliveryError } from "../../src/errors.ts";
import type { Absence } from "../../src/plan/absence.ts";
import { createExpectations, type Expectations } from "../../src/router/expectations.ts";
import { compileOf } from "../plan/plan-of.ts";
import { manualClock } from "../support/manual-clock.ts";

const minute = 60_000;
const hour = 60 * minute;

async function watch(expectMs: number | undefined = hour) {
  const clock = manualClock();
  const notes = new Map<string, Json>();
  const told: Absence[] = [];
  let lastMs: number | undefined;
  let refuseWith: Error | undefined;
  let expectations!: Expectations;
  const planOf = async (ms: number | undefined) =>
    (
      await compileOf(
        { first: { priority: "high", content: "{{data.n}}" }, second: {} },
        {
          sources: {
            post: {
              type: "letter",
              enabled: true,
              options: {},
              ...(ms === undefined ? {} : { expectMs: ms }),
            },
          },
        },
      )
    ).plan;
  const plan = await planOf(expectMs);
  let count = 0;
  const start = () => {
    expectations = createExpectations({
      journal: {
        async jot(_, key, value) {
          notes.set(key, value);
        },
        notes: () => [...notes].map(([key, value]) => ({ key, value })),
      },
      clock,
      newId: () => `e${++count}`,
      lastEventMs: () => lastMs,
      async commit(absence) {
        if (refuseWith !== undefined) throw refuseWith;
        told.push(absence);
      },
    });
    expectations.apply(plan);
  };
  start();
  return {
    clock,
    told: () => told.map(({ delivery }) => delivery.content),
    absences: told,
    arrive() {
      lastMs = clock.now();
    },
    refuse(error: Error | undefined) {
      refuseWith = error;
    },
    async restart(awayMs: number) {
      expectations.stop();
      lastMs = undefined;
      clock.set(clock.now() + awayMs);
      start();
    },
    reload: async (ms: number | undefined) => expectations.apply(await planOf(ms)),
    stop: () => expectations.stop(),
  };
}

test("nothing for so long makes one event, on the first channel of the source and with its priority", async () => {
  const { clock, told, absences, stop } = await watch();
  await clock.advance(hour - 1);
  expect(told()).toEqual([]);
  await clock.advance(1);
  expect(told()).toEqual(["Nothing has come from post for 1h; nothing has come before."]);
  expect(absences[0]?.delivery).toMatchObject({ channel: "first", priority: "high" });
  expect(absences[0]?.event).toMatchObject({ source: "post", trust: "local" });
  await clock.advance(10 * hour);
  expect(told()).toHaveLength(1);
  stop();
});

test("an event begins the time anew, and lets it be told again", async () => {
  const { clock, told, arrive, stop } = await watch();
  await clock.advance(50 * minute);
  arrive();
  await clock.advance(50 * minute);
  expect(told()).toEqual([]);
  await clock.advance(10 * minute);
  expect(told()).toEqual(["Nothing has come from post for 1h; the last came at 2026-01-05 09:50:00 UTC."]);
  arrive();
  await clock.advance(2 * hour);
  expect(told()).toHaveLength(2);
  stop();
});

test("goes on over a restart; the time without a router does not count, and what was told is not told again", async () => {
  const { clock, told, restart, stop } = await watch();
  await clock.advance(40 * minute);
  await restart(10 * hour);
  await clock.advance(19 * minute);
  expect(told()).toEqual([]);
  await clock.advance(2 * minute);
  expect(told()).toHaveLength(1);
  await restart(hour);
  await clock.advance(5 * hour);
  expect(told()).toHaveLength(1);
  stop();
});

test("a reload may shorten it, and take it away", async () => {
  const { clock, told, reload, stop } = await watch(10 * hour);
  await clock.advance(2 * hour);
  await reload(hour);
  await clock.advance(1);
  expect(told()).toHaveLength(1);
  await reload(undefined);
  await clock.advance(100 * hour);
  expect(told()).toHaveLength(1);
  stop();
});

test("is tried again when the journal does not take it", async () => {
  const { clock, told, refuse, stop } = await watch();
  refuse(new DeliveryError("E_JOURNAL_FULL", "the disk is full"));
  await clock.advance(hour + minute);
  expect(told()).toEqual([]);
  refuse(undefined);
  await clock.advance(minute);
  expect(told()).toHaveLength(1);
  stop();
});
