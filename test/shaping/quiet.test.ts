import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createQuietClock, longestQuietMs, quietUntilMs, readWindow } from "../../src/shaping/quiet.ts";
import { mondayMs, stageOf } from "./rehearse.ts";

const at = (text: string) => Date.parse(text);
const until = (windows: Parameters<typeof readWindow>[0][], text: string) => {
  const end = quietUntilMs(
    windows.map((window) => readWindow(window, "UTC")),
    at(text),
  );
  return end === undefined ? undefined : new Date(end).toISOString();
};

describe("quiet time", () => {
  test("goes over midnight, by the clock of its zone", () => {
    const night = [{ from: "22:00", to: "07:00", tz: "Europe/Berlin" }];
    expect(until(night, "2026-01-05T20:59:59Z")).toBeUndefined();
    expect(until(night, "2026-01-05T21:00:00Z")).toBe("2026-01-06T06:00:00.000Z");
    expect(until(night, "2026-01-06T05:59:59Z")).toBe("2026-01-06T06:00:00.000Z");
    expect(until(night, "2026-01-06T06:00:00Z")).toBeUndefined();
  });

  test("is by the clock on the wall in the nights in which summer time begins and ends", () => {
    const night = [{ from: "22:00", to: "07:00", tz: "Europe/Berlin" }];
    expect(until(night, "2026-03-29T00:00:00Z")).toBe("2026-03-29T05:00:00.000Z");
    expect(until(night, "2026-10-25T00:00:00Z")).toBe("2026-10-25T06:00:00.000Z");
  });

  test("has days, on which it begins, and ranges of them over the weekend", () => {
    const weekend = [{ days: ["sat", "sun"], from: "00:00", to: "24:00" }];
    expect(until(weekend, "2026-01-09T23:59:59Z")).toBeUndefined();
    expect(until(weekend, "2026-01-10T12:00:00Z")).toBe("2026-01-12T00:00:00.000Z");
    const late = [{ days: "fri-sun", from: "18:00", to: "06:00" }];
    expect(until(late, "2026-01-12T05:00:00Z")).toBe("2026-01-12T06:00:00.000Z");
    expect(until(late, "2026-01-12T19:00:00Z")).toBeUndefined();
  });

  test("is one stretch where windows meet", () => {
    const windows = [
      { from: "20:00", to: "24:00" },
      { from: "00:00", to: "08:00" },
    ];
    expect(until(windows, "2026-01-05T21:00:00Z")).toBe("2026-01-06T08:00:00.000Z");
    expect(longestQuietMs(windows.map((window) => readWindow(window, "UTC")))).toBe(12 * 3_600_000);
  });

  test("that never ends is known as such", () => {
    const always = [readWindow({ from: "08:00", to: "08:00" }, "UTC")];
    expect(longestQuietMs(always)).toBe(Number.POSITIVE_INFINITY);
  });

  test("behaves as a model that looks at every minute of a week", () => {
    const time = fc.integer({ min: 0, max: 24 * 4 - 1 }).map((quarter) => {
      const hours = String(Math.floor(quarter / 4)).padStart(2, "0");
      return `${hours}:${String((quarter % 4) * 15).padStart(2, "0")}`;
    });
    const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    const window = fc.record({ days: fc.subarray(days, { minLength: 1 }), from: time, to: time });
    const minute = 60_000;
    const startMs = Date.UTC(2026, 0, 4);
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 3 }), (windows) => {
        const isQuiet = Array.from({ length: 3 * 7 * 24 * 60 }, () => false);
        for (let day = -1; day < 3 * 7; day++) {
          for (const { days: on, from, to } of windows) {
            if (!on.includes(days[(day + 7) % 7] as string)) continue;
            const of = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
            const begin = day * 1_440 + of(from);
            const end = day * 1_440 + of(to) + (of(to) <= of(from) ? 1_440 : 0);
            for (let at = Math.max(0, begin); at < Math.min(end, isQuiet.length); at++) isQuiet[at] = true;
          }
        }
        const quiet = createQuietClock(windows.map((one) => readWindow(one, "UTC")));
        for (let at = 0; at < 7 * 1_440; at += 7) {
          let end = at;
          while (end < isQuiet.length && isQuiet[end]) end += 1;
          const wanted =
            end === at
              ? undefined
              : end === isQuiet.length
                ? Number.POSITIVE_INFINITY
                : startMs + end * minute;
          expect(quiet(startMs + at * minute)).toBe(wanted);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("events in quiet time", () => {
  const quiet = [{ from: "09:10", to: "09:20", tz: "UTC" }];

  test("come afterwards as one digest, those before and after it as they are", async () => {
    const stage = await stageOf({ all: { content: "{{data.n}}", quiet } });
    for (const [minute, n] of [
      [9, "a"],
      [10, "b"],
      [15, "c"],
      [20, "d"],
    ] as const)
      stage.at(minute * 60, { n });
    stage.until(3_600);
    expect(stage.told()).toEqual([
      [540, "a"],
      [1200, expect.stringContaining("2 events in 5m until 2026-01-05 09:15:00 UTC (from quiet time).")],
      [1200, "d"],
    ]);
  });

  test("are delivered at once when they are high", async () => {
    const stage = await stageOf({ all: { content: "{{data.n}}", quiet, priority: "high" } });
    stage.at(600, { n: "now" });
    expect(stage.told()).toEqual([[600, "now"]]);
  });

  test("live through it, unless the channel says how long", async () => {
    const weekend = [{ days: "mon-fri", from: "00:00", to: "24:00", tz: "UTC" }];
    const stage = await stageOf({
      all: { content: "{{data.n}}", quiet: weekend, continue: true },
      brief: { content: "brief {{data.n}}", quiet: weekend, ttlMs: 3_600_000 },
    });
    stage.at(0, { n: "a" });
    stage.until(7 * 86_400);
    expect(stage.told()).toEqual([[(Date.UTC(2026, 0, 10) - mondayMs) / 1_000, "a"]]);
    expect(stage.ended()).toMatchObject([{ channel: "brief", state: "expired" }]);
  });
});
