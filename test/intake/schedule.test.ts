import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSchedule, expressionProblem, goOnFrom, zoneProblem } from "../../src/intake/schedule.ts";

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
  ])("%j is good", (expression) => {
    expect(expressionProblem(expression)).toBeUndefined();
  });

  test.each([
    ["61 * * * *", '"61" is no minute', 0],
    ["0 9 * * fryday", '"fryday" is no weekday', 8],
    ["0  25 * * *", '"25" is no hour', 3],
    ["0 0 32 * *", '"32" is no day of the month', 4],
    ["0 0 1 13 *", '"13" is no month', 6],
    ["70 0 0 1 1 *", '"70" is no second', 0],
    ["*/0 * * * *", '"*/0" is no minute', 0],
    ["5-1 * * * *", '"5-1" is no minute', 0],
    ["0 0 1 *", "has 4 parts, not five or six", undefined],
    ["0 0 0 1 1 * 2030", "has 7 parts, not five or six", undefined],
    ["@dialy", "there is no @dialy", undefined],
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
