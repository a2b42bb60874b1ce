import fc from "fast-check";
import { expect, test } from "vitest";
import { createRate } from "../../src/runtime/rate.ts";

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
