// Who was turned away is seen, and a flood of them is one line a minute.

import { expect, it } from "vitest";
import { createEventIds } from "../../src/router/event-id.ts";
import { createRejectedSenders } from "../../src/router/rejected-senders.ts";
import { createTraceRing } from "../../src/router/trace-ring.ts";
import { manualClock } from "../support/manual-clock.ts";

const phone = { name: "phone", type: "telegram" };

function open() {
  const clock = manualClock();
  const ring = createTraceRing(1_000, clock);
  const away = createRejectedSenders({ clock, newId: createEventIds(), observe: ring.add });
  const details = () => ring.latest(1_000).map(({ trace }) => trace[0]?.detail);
  return { clock, ring, away, details };
}

it("is a dropped event of its source, with who and why and nothing more", () => {
  const { ring, away } = open();
  away.add(phone, "66 is not allowed");
  expect(ring.latest(10)).toEqual([
    expect.objectContaining({
      source: "phone",
      outcome: "dropped",
      channels: [],
      trace: [{ channel: "phone", filter: "access", pass: false, detail: "66 is not allowed" }],
    }),
  ]);
});

it("is told once a minute when it is the same, and then how many came between", async () => {
  const { clock, away, details } = open();
  for (let count = 0; count < 1_000; count += 1) away.add(phone, "66 is not allowed");
  expect(details()).toEqual(["66 is not allowed"]);
  await clock.advance(60_000);
  away.add(phone, "66 is not allowed");
  expect(details()[0]).toBe(
    "66 is not allowed; 999 more messages were rejected before, without a trace of their own",
  );
});

it("of a thousand people in a minute is ten traces of one source, and takes nothing from the others", async () => {
  const { clock, away, details } = open();
  for (let id = 0; id < 1_000; id += 1) away.add(phone, `${id} is not allowed`);
  away.add({ name: "team", type: "slack" }, "U66 is not allowed");
  expect(details()).toHaveLength(11);
  await clock.advance(60_000);
  away.add(phone, "x".repeat(10_000));
  expect(details()[0]).toMatch(/^x{200}; 990 more messages were rejected before/);
});
