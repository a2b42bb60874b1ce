// The cron source over a clock that a test moves.

import { describe, expect, test } from "vitest";
import { cron } from "../../../src/connectors/cron/index.ts";
import type { CronOptions } from "../../../src/connectors/cron/options.ts";
import type { Arrival, Emit } from "../../../src/contract.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { createMemoryCursors } from "../../../src/host/store.ts";
import { createListener } from "../../../src/http/server.ts";
import { hostOf, quiet, surroundings } from "../../support/host.ts";
import { type ManualClock, manualClock } from "../../support/manual-clock.ts";
import { accept, testSource } from "../conformance.ts";

const options: CronOptions = { at: "* * * * *", tz: "UTC", missed: "once" };
const minute = 60_000;

testSource({
  type: cron,
  written: { at: "* * * * *", tz: "UTC" },
  options,
  async arrive({ host, source }) {
    const before = host.store.get("last");
    await host.clock.advance(minute);
    return source.health?.().state === "running" && host.store.get("last") !== before;
  },
});

function open(
  more: Partial<CronOptions> = {},
  clock: ManualClock = manualClock(),
  cursors = createMemoryCursors(),
) {
  const listener = createListener({ addresses: [], hosts: [], trusted: () => true, log: quiet });
  const source = cron.create("tested", { ...options, ...more }, hostOf({ clock, listener, cursors }));
  const arrivals: Arrival[] = [];
  const scheduled = () => arrivals.map(({ data }) => data);
  return {
    source,
    clock,
    cursors,
    arrivals,
    scheduled,
    start: (emit: Emit = accept(arrivals)) => source.start(emit),
  };
}

const stop = new AbortController().signal;

describe("a schedule", () => {
  test("makes an event at each of its times, and none at the start", async () => {
    const { start, clock, scheduled, source, arrivals } = open({ at: "*/5 * * * *" });
    await start();
    await clock.advance(11 * minute);
    expect(scheduled()).toEqual([
      { scheduled: "2026-01-05T09:05:00.000Z" },
      { scheduled: "2026-01-05T09:10:00.000Z" },
    ]);
    expect(arrivals[0]).toMatchObject({ trust: "local", deliveryId: "2026-01-05T09:05:00.000Z" });
    expect(source.health?.()).toMatchObject({
      state: "running",
      detail: "*/5 * * * * (UTC)",
      nextTryMs: Date.parse("2026-01-05T09:15:00Z"),
    });
    await source.stop(stop);
  });

  test("goes on after a restart where it was, and makes up for what was missed once", async () => {
    const first = open();
    await first.start();
    await first.clock.advance(2 * minute);
    await first.source.stop(stop);
    const second = open({}, manualClock(Date.UTC(2026, 0, 5, 12, 0, 30)), first.cursors);
    await second.start();
    await second.clock.advance(1_000);
    expect(second.scheduled()).toEqual([{ scheduled: "2026-01-05T12:00:00.000Z", missed: 177 }]);
    expect(second.arrivals[0]?.text).toBe("2026-01-05T12:00:00.000Z (and 177 before it that were missed)");
    await second.source.stop(stop);
    const third = open({ missed: "none" }, manualClock(Date.UTC(2026, 0, 5, 15, 30, 59)), first.cursors);
    await third.start();
    await third.clock.advance(minute);
    expect(third.scheduled()).toEqual([
      { scheduled: "2026-01-05T15:30:00.000Z" },
      { scheduled: "2026-01-05T15:31:00.000Z" },
    ]);
    await third.source.stop(stop);
  });

  test("makes up once for a machine that slept", async () => {
    const { start, clock, scheduled, source } = open({ at: "0 * * * *" });
    await start();
    clock.set(Date.UTC(2026, 0, 5, 14, 20));
    await clock.advance(minute);
    expect(scheduled()).toEqual([{ scheduled: "2026-01-05T14:00:00.000Z", missed: 4 }]);
    await source.stop(stop);
  });

  test("tells nothing twice when the clock is set back", async () => {
    const { start, clock, scheduled, source } = open({ at: "*/5 * * * *" });
    await start();
    await clock.advance(10 * minute);
    clock.set(Date.UTC(2026, 0, 5, 9, 1));
    await clock.advance(15 * minute);
    expect(scheduled()).toEqual([
      { scheduled: "2026-01-05T09:05:00.000Z" },
      { scheduled: "2026-01-05T09:10:00.000Z" },
      { scheduled: "2026-01-05T09:15:00.000Z" },
    ]);
    await source.stop(stop);
  });

  test("moves on only when its event is safe", async () => {
    const first = open();
    let isFull = true;
    await first.start(async () => {
      if (isFull) throw new DeliveryError("E_SESSION_BUSY", "the queue is full");
      first.arrivals.push({} as Arrival);
      return { eventId: "e", outcome: "accepted" };
    });
    await first.clock.advance(minute);
    expect(first.source.health?.()).toMatchObject({
      state: "waiting",
      detail: expect.stringContaining("1 event waits"),
    });
    isFull = false;
    await first.clock.advance(5_000);
    expect(first.arrivals).toHaveLength(1);
    expect(first.source.health?.().state).toBe("running");
    await first.source.stop(stop);
  });
});

describe("check", () => {
  test("points at the part that is wrong", () => {
    const told = (more: Partial<CronOptions>) => cron.check?.({ ...options, ...more }, surroundings);
    expect(told({ at: "0 25 * * *" })).toEqual([
      {
        path: ["at"],
        message: '"25" is not a hour',
        hint: "hour: 0 to 23; also *, 1-5, 1,3, */10 and 5/10",
        offset: 2,
      },
    ]);
    expect(told({ tz: "Mars/Base" })).toEqual([
      { path: ["tz"], message: "is not a time zone", hint: "for example Europe/Berlin or UTC" },
    ]);
  });
});

test("a time, or nothing, is a payload to try it with", () => {
  const data = (payload: string) => cron.sampleArrival(options, payload, {}).data;
  expect(data("2026-02-03T04:05:06Z")).toEqual({ scheduled: "2026-02-03T04:05:06.000Z" });
  expect(data('{"scheduled": "2026-02-03"}')).toEqual({ scheduled: "2026-02-03T00:00:00.000Z" });
  expect(data("")).toEqual({ scheduled: "2026-01-05T09:00:00.000Z" });
  expect(data("{}")).toEqual({ scheduled: "2026-01-05T09:00:00.000Z" });
  expect(() => data("soon")).toThrow("makes events of times");
});
