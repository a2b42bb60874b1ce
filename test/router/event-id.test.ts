import fc from "fast-check";
import { expect, test } from "vitest";
import { createEventIds } from "../../src/router/event-id.ts";

test("ids are short, unique and in order, whatever the clock does", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 44 }), { minLength: 1, maxLength: 200 }), (times) => {
      const newId = createEventIds();
      const ids = times.map(newId);
      expect(ids).toEqual([...new Set(ids)].sort());
      for (const id of ids) expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{13}$/);
    }),
  );
});

test("a million ids of one millisecond stay unique", () => {
  const newId = createEventIds();
  const ids = new Set(Array.from({ length: 1_000_000 }, () => newId(1_700_000_000_000)));
  expect(ids.size).toBe(1_000_000);
});
