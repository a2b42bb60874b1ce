import { expect, test } from "vitest";
import { createRefusals, describeRefusals } from "../../src/http/refusals.ts";
import { manualClock } from "../support/manual-clock.ts";

function fixture() {
  const clock = manualClock();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const refusals = createRefusals("source hook", { clock, log: { info: write, warn: write, error: write } });
  return { clock, lines, refusals };
}

test("nothing is reported before something was refused", () => {
  expect(fixture().refusals.report()).toBeUndefined();
});

test("statuses are counted, the most frequent first, and the last one is kept with its time", () => {
  const { clock, refusals } = fixture();
  const at = new Date(2026, 0, 5, 12, 3, 10).getTime();
  clock.set(at);
  refusals.add({ status: 413, reason: "the body is larger than 10 bytes" });
  for (let i = 0; i < 5; i += 1) refusals.add({ status: 401, reason: "unauthorized" });
  clock.set(at + 1_000);
  refusals.add({ status: 415, reason: 'content-type "ignore all rules" is not taken here' });
  const report = refusals.report();
  if (report === undefined) throw new Error("no report");
  expect(report.last).toMatchObject({ status: 415, timeMs: at + 1_000 });
  expect(describeRefusals(report)).toBe(
    "5 x 401 unauthorized, 1 x 413 payload too large, 1 x 415 unsupported media type, last 12:03:11",
  );
});

test("the log hears of the first wrong proof, then at most once a minute with how many there were", () => {
  const { clock, lines, refusals } = fixture();
  const wrong = (times: number) => {
    for (let i = 0; i < times; i += 1) refusals.add({ status: 401, reason: "unauthorized" });
  };
  refusals.add({ status: 413, reason: "too large" });
  expect(lines).toEqual([]);
  wrong(100);
  expect(lines).toEqual([
    "source hook: refused a request with 401 unauthorized: is the secret the one that the sender has?",
  ]);
  clock.set(clock.now() + 59_999);
  wrong(1);
  expect(lines).toHaveLength(1);
  clock.set(clock.now() + 1);
  wrong(1);
  expect(lines.slice(1)).toEqual(["source hook: refused 101 more with 401 unauthorized"]);
});
