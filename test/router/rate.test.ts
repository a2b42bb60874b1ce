import fc from "fast-check";
import { expect, test } from "vitest";
import { createRate } from "../../src/router/rate.ts";

test("in no stretch of the period do more than max events pass, and none is refused without need", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), steps, (max, waits) => {
      const rate = createRate({ max, perMs: 1_000 });
      const passed: number[] = [];
      let nowMs = 0;
      for (const wait of waits) {
        nowMs += wait;
        const recent = passed.filter((at) => at > nowMs - 1_000).length;
        const retryAfterMs = rate(nowMs);
        expect(retryAfterMs === undefined).toBe(recent < max);
        if (retryAfterMs === undefined) passed.push(nowMs);
        else expect(passed.at(-max)).toBe(nowMs + retryAfterMs - 1_000);
      }
    }),
  );
});

test("a clock set back an hour locks nothing", () => {
  const rate = createRate({ max: 1, perMs: 1_000 });
  expect(rate(7_200_000)).toBeUndefined();
  expect(rate(3_600_000)).toBeUndefined();
});

test("the largest rate costs no memory before events come", () => {
  const before = process.memoryUsage();
  const rates = Array.from({ length: 1_000 }, () => createRate({ max: 100_000, perMs: 60_000 }));
  for (const rate of rates) expect(rate(1)).toBeUndefined();
  const after = process.memoryUsage();
  expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(
    50_000_000,
  );
});
