import { expect, it } from "vitest";
import { createIntake } from "../../src/chat/intake.ts";
import { createReceiveLoop } from "../../src/chat/receive-loop.ts";
import { DeliveryError } from "../../src/errors.ts";
import { manualClock } from "../support/manual-clock.ts";

function open() {
  const clock = manualClock();
  const intake = createIntake({ clock, skipped: () => {}, broke: () => {} });
  return { clock, intake };
}

it("takes messages in their order, and none behind one that was left out", async () => {
  const { intake } = open();
  const taken: number[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const add = (index: number) =>
    intake.add(async () => {
      if (index === 0) await held;
      taken.push(index);
    });
  const added = Array.from({ length: 1_002 }, (_, index) => add(index));
  expect(added.filter(Boolean)).toHaveLength(1_000);
  release();
  await intake.drained();
  expect(taken).toHaveLength(1_000);
  expect(taken.at(-1)).toBe(999);
  // There is room again, and yet: 1,000 and 1,001 were left out.
  expect(add(1_002)).toBe(false);
});

it("is drained when it was stopped, too", async () => {
  const { intake } = open();
  intake.add(async () => {
    throw new DeliveryError("E_SESSION_BUSY", "full", { retryAfterMs: 1_000_000 });
  });
  const drained = intake.drained();
  await intake.stop();
  await drained;
});

it("ends the connection of a flood only when what it took was taken, once", async () => {
  const ends: string[] = [];
  const taken: number[] = [];
  const hearing = createReceiveLoop({
    source: "chat",
    host: { clock: manualClock(), log: { info: () => {}, warn: () => {}, error: () => {} } } as never,
    people: { press: async () => ({ show: "nothing" }) },
    endRound: ({ message }) => void ends.push(`${message} after ${taken.length}`),
    describe: String,
  });
  const flood = (from: number) => {
    for (let index = from; index < from + 3_000; index += 1)
      hearing.enqueue(async () => void taken.push(index));
  };
  flood(0);
  await expect.poll(() => ends).toEqual(["too many messages are waiting after 1000"]);
  await hearing.renew();
  flood(1_000);
  await expect.poll(() => ends.length).toBe(2);
  expect(taken).toEqual(Array.from({ length: 2_000 }, (_, index) => index));
});
