import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSchedule, expressionProblem, goOnFrom, zoneProblem } from "../../src/intake/schedule.ts";
import { zoneOffsetMs } from "../../src/time-zone.ts";

const at = (text: string) => Date.parse(text);
const iso = (ms: number | undefined) =>
  ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16);
const minute = 60_000;
const hour = 60 * minute;

describe("an expression", () => {
  test.each([
    "0 9 * * mon-fri",
    "*/10 * * * * *",
    "@daily",
    "@Hourly",
    " 0 0 L * * ",
    "0 0 * * fri#2",
    "0 0 29 2 *",
    "0/15 * * * *",
    "0 8/4 * * *",
    "0 0 ? * 2#1",
  ])("%j is good", (expression) => {
    expect(expressionProblem(expression)).toBeUndefined();
  });

  test.each([
    ["61 * * * *", '"61" is not a minute', 0],
    ["0 9 * * fryday", '"fryday" is not a weekday', 8],
    ["0  25 * * *", '"25" is not a hour', 3],
    ["0 0 32 * *", '"32" is not a day of the month', 4],
    ["0 0 1 13 *", '"13" is not a month', 6],
    ["70 0 0 1 1 *", '"70" is not a second', 0],
    ["/5 * * * *", '"/5" is not a minute', 0],
    ["*/0 * * * *", '"*/0" is not a minute', 0],
    ["5-1 * * * *", '"5-1" goes beyond the last minute, which is not supported here', 0],
    ["0 0 1 *", "has 4 parts, not five or six", undefined],
    ["0 0 0 1 1 * 2030", '"0 0 0 1 1 * 2030" is not supported here', undefined],
    ["@dialy", "unknown nickname @dialy", undefined],
    ["0 0 30 2 *", "never comes", undefined],
  ])("%j is not: %s", (expression, message, offset) => {
    const problem = expressionProblem(expression);
    expect([problem?.message, problem?.offset]).toEqual([message, offset]);
    expect(problem?.hint).toBeTruthy();
  });

  test("that is nearly a nickname or a zone is met with what was meant", () => {
    expect(expressionProblem("@dialy")?.hint).toBe("did you mean @daily?");
    expect(zoneProblem("Europe/Berln")?.hint).toBe("did you mean Europe/Berlin?");
    expect(zoneProblem("UTC")).toBeUndefined();
  });
});

describe("the change of clocks in Berlin", () => {
  const times = (expression: string, from: string, count: number) => {
    const schedule = createSchedule(expression, "Europe/Berlin", "once");
    const found: (string | undefined)[] = [];
    for (let time: number | undefined = at(from); found.length < count && time !== undefined; ) {
      time = schedule.nextMs(time);
      found.push(iso(time));
    }
    return found;
  };

  test("a time that does not exist comes when the gap ends", () => {
    expect(times("30 2 * * *", "2026-03-28T12:00:00Z", 2)).toEqual(["2026-03-29T01:00", "2026-03-30T00:30"]);
  });

  test("a time that exists twice comes once", () => {
    expect(times("30 2 * * *", "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-25T00:30", "2026-10-26T01:30"]);
  });

  test("what comes each hour goes by real time", () => {
    expect(times("0 * * * *", "2026-10-24T23:30:00Z", 4)).toEqual([
      "2026-10-25T00:00",
      "2026-10-25T01:00",
      "2026-10-25T02:00",
      "2026-10-25T03:00",
    ]);
    expect(times("0 * * * *", "2026-03-29T00:30:00Z", 2)).toEqual(["2026-03-29T01:00", "2026-03-29T02:00"]);
  });
});

describe("each change of clocks", () => {
  const offsets = new Map<string, number>();
  const offsetMs = (zone: string, timeMs: number): number => {
    const key = `${zone} ${timeMs}`;
    const offset = offsets.get(key) ?? zoneOffsetMs(zone, timeMs) ?? 0;
    offsets.set(key, offset);
    return offset;
  };

  /** Minute by minute: what the clock shows for the first time, or jumps over, comes now; what it shows again does not. */
  function byTheClock(
    zone: string,
    fromMs: number,
    toMs: number,
    fits: (local: Date) => boolean,
    hourly: boolean,
  ) {
    const found: number[] = [];
    let shown = fromMs + offsetMs(zone, fromMs);
    for (let time = fromMs + minute; time <= toMs; time += minute) {
      const local = time + offsetMs(zone, time);
      const passed: number[] = [];
      if (hourly) passed.push(local);
      else for (let one = shown + minute; one <= local; one += minute) passed.push(one);
      if (passed.some((one) => fits(new Date(one)))) found.push(time);
      shown = Math.max(shown, local);
    }
    return found;
  }

  const zones: readonly (readonly [string, string])[] = [
    ["Europe/Berlin", "2026-03-29"],
    ["Europe/Berlin", "2026-10-25"],
    ["America/New_York", "2026-03-08"],
    ["America/New_York", "2026-11-01"],
    ["Australia/Lord_Howe", "2026-04-05"],
    ["Australia/Lord_Howe", "2026-10-04"],
    ["America/Sao_Paulo", "2018-11-04"],
    ["America/Sao_Paulo", "2018-02-18"],
    ["Pacific/Apia", "2011-12-30"],
    ["Asia/Kathmandu", "2026-01-01"],
    // Midnight does not exist, or exists twice.
    ["Asia/Beirut", "2026-03-29"],
    ["Asia/Beirut", "2026-10-25"],
    ["Africa/Cairo", "2026-04-24"],
    ["Africa/Cairo", "2026-10-30"],
    ["America/Santiago", "2026-09-06"],
    ["America/Santiago", "2026-04-05"],
    ["America/Havana", "2026-03-08"],
    ["America/Nuuk", "2026-03-29"],
    ["Atlantic/Azores", "2026-03-29"],
    // A minute after midnight, two hours at once, 45 minutes beside the hour.
    ["America/St_Johns", "2006-04-02"],
    ["America/St_Johns", "2006-10-29"],
    ["Antarctica/Troll", "2026-03-29"],
    ["Antarctica/Troll", "2026-10-25"],
    ["Pacific/Chatham", "2026-09-27"],
    ["Africa/Casablanca", "2026-02-15"],
    ["Pacific/Kwajalein", "1993-08-21"],
  ];
  const at = (minutes: readonly number[], hours: readonly number[]) => (local: Date) =>
    minutes.includes(local.getUTCMinutes()) && hours.includes(local.getUTCHours());
  const every = (step: number, below: number) =>
    Array.from({ length: Math.ceil(below / step) }, (_, index) => index * step);
  const expressions: readonly (readonly [string, (local: Date) => boolean, boolean])[] = [
    ["0 2,14 * * *", at([0], [2, 14]), false],
    ["0 */2 * * *", at([0], every(2, 24)), false],
    ["15,45 0-3 * * *", at([15, 45], [0, 1, 2, 3]), false],
    ["*/20 1,2 * * *", at(every(20, 60), [1, 2]), false],
    ["0 0 * * *", at([0], [0]), false],
    ["@daily", at([0], [0]), false],
    ["0/30 2 * * *", at([0, 30], [2]), false],
    ["30 23,0,1 * * *", at([30], [23, 0, 1]), false],
    ["59 23 * * *", at([59], [23]), false],
    ["0 0 0-4 * * *", at([0], [0, 1, 2, 3, 4]), false],
    ["5 0-22 * * *", at([5], every(1, 23)), false],
    ["0 * * * *", at([0], every(1, 24)), true],
    ["*/10 * * * *", at(every(10, 60), every(1, 24)), true],
    ["0 0-23 * * *", at([0], every(1, 24)), true],
    ["@hourly", at([0], every(1, 24)), true],
  ];

  test.each(zones)("of %s around %s follows one rule for all expressions", (zone, day) => {
    const fromMs = Date.parse(`${day}T00:00:00Z`) - 16 * hour;
    const toMs = fromMs + 46 * hour;
    for (const [expression, fits, hourly] of expressions) {
      const schedule = createSchedule(expression, zone, "once");
      const found: number[] = [];
      for (
        let time = schedule.nextMs(fromMs);
        time !== undefined && time <= toMs;
        time = schedule.nextMs(time)
      )
        found.push(time);
      const wanted = byTheClock(zone, fromMs, toMs, fits, hourly);
      expect([expression, found.map(iso)]).toEqual([expression, wanted.map(iso)]);
    }
  });
});

describe("what is due", () => {
  const daily = (missed: "once" | "none") => createSchedule("0 9 * * *", "UTC", missed);
  const due = (missed: "once" | "none", last: string, now: string) =>
    daily(missed)
      .due(at(last), at(now))
      .map((one) => [iso(one.timeMs), one.missed]);

  test("is each time once, when somebody looked in time", () => {
    expect(due("once", "2026-01-05T08:00:00Z", "2026-01-05T08:59:59Z")).toEqual([]);
    expect(due("once", "2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z")).toEqual([["2026-01-05T09:00", 0]]);
    expect(due("once", "2026-01-05T09:00:00Z", "2026-01-05T09:00:30Z")).toEqual([]);
  });

  test("is the latest of those that were missed, for all of them, or none", () => {
    expect(due("once", "2026-01-02T09:00:00Z", "2026-01-05T08:00:00Z")).toEqual([["2026-01-04T09:00", 1]]);
    expect(due("none", "2026-01-02T09:00:00Z", "2026-01-05T08:00:00Z")).toEqual([]);
    expect(due("once", "2026-01-02T09:00:00Z", "2026-01-05T09:00:10Z")).toEqual([["2026-01-05T09:00", 2]]);
    expect(due("none", "2026-01-02T09:00:00Z", "2026-01-05T09:00:10Z")).toEqual([["2026-01-05T09:00", 0]]);
  });

  test("is bounded after a year of seconds", () => {
    const schedule = createSchedule("* * * * * *", "UTC", "once");
    const [first, ...rest] = schedule.due(at("2025-01-05T09:00:00Z"), at("2026-01-05T09:00:00Z"));
    expect(first?.missed).toBe(1_000);
    expect(rest).toHaveLength(59);
    const hourly = createSchedule("0 * * * *", "UTC", "once");
    expect(hourly.due(at("2020-01-05T09:00:00Z"), at("2026-01-05T09:30:00Z"))).toEqual([
      { timeMs: at("2026-01-05T09:00:00Z"), missed: 999 },
    ]);
  });

  test("comes neither twice nor never, however the looks fall", () => {
    const schedule = createSchedule("*/7 * * * *", "Europe/Berlin", "once");
    const from = at("2026-03-28T20:00:00Z");
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 * hour }), { maxLength: 30 }), (steps) => {
        let lastMs = from;
        let nowMs = from;
        const told: number[] = [];
        let stoodFor = 0;
        for (const step of steps) {
          nowMs += step;
          const found = schedule.due(lastMs, nowMs);
          for (const { timeMs, missed } of found) {
            told.push(timeMs);
            stoodFor += 1 + missed;
          }
          lastMs = found.at(-1)?.timeMs ?? lastMs;
        }
        expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
        let all = 0;
        for (
          let time = schedule.nextMs(from);
          time !== undefined && time <= nowMs;
          time = schedule.nextMs(time)
        )
          all += 1;
        expect(stoodFor).toBe(all);
      }),
      { numRuns: 100 },
    );
  });
});

test("a pause is never so long that a sleep or a set clock goes unnoticed", () => {
  const schedule = createSchedule("0 9 1 1 *", "UTC", "once");
  expect(schedule.pauseMs(at("2026-02-01T00:00:00Z"))).toBe(30_000);
  expect(schedule.pauseMs(at("2026-12-31T23:59:50Z") + 9 * hour)).toBe(10_000);
});

test("a time noted by a clock that was wrong does not silence a schedule", () => {
  const now = at("2026-01-05T09:00:00Z");
  expect(goOnFrom(undefined, now)).toBe(now);
  expect(goOnFrom(now - hour, now)).toBe(now - hour);
  expect(goOnFrom(now + 30 * minute, now)).toBe(now + 30 * minute);
  expect(goOnFrom(now + 365 * 24 * hour, now)).toBe(now);
});
