// What is remembered of the items of a list: all that stands in it, a bounded number beyond, and the same after a restart.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Store } from "../../src/contract/host.ts";
import { createMemoryCursors, createStore } from "../../src/host/store.ts";
import { createSeenKeys, keyOf } from "../../src/intake/seen-keys.ts";

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `k${from + index}`);

function storeOf(): { readonly store: Store; fresh(): Store; size(): number } {
  const cursors = createMemoryCursors();
  const fresh = () => createStore(cursors, "tested", "options");
  return { store: fresh(), fresh, size: () => cursors.cursors("").length };
}

test("what was added is there, in this process and in the next", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uniqueArray(fc.string(), { maxLength: 250 }), { maxLength: 8 }),
      async (rounds) => {
        const { store, fresh } = storeOf();
        const seen = createSeenKeys(store);
        for (const keys of rounds) await seen.add(keys, new Set(keys));
        const again = createSeenKeys(fresh());
        for (const key of rounds.flat()) expect([seen.has(key), again.has(key)]).toEqual([true, true]);
        expect(again.has("none of them")).toBe(rounds.flat().includes("none of them"));
      },
    ),
    { numRuns: 30 },
  );
});

test("the oldest go, those that stand in the list stay, and few values hold them all", async () => {
  const { store, fresh, size } = storeOf();
  const seen = createSeenKeys(store);
  const pinned = ["pinned", "stuck"];
  for (let from = 0; from < 20_000; from += 50) {
    const current = [...pinned, ...range(from, from + 50)];
    await seen.add(current, new Set(current));
  }
  for (const one of [seen, createSeenKeys(fresh())]) {
    expect(["pinned", "stuck", "k19999", "k15100", "k100"].map(one.has)).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  }
  expect(size()).toBeLessThanOrEqual(53);
});

test("a list longer than the bound is remembered whole", async () => {
  const seen = createSeenKeys(storeOf().store);
  const all = range(0, 12_000);
  await seen.add(all, new Set(all));
  await seen.add([...all, "one more"], new Set(all));
  expect(all.every(seen.has)).toBe(true);
});

test("a write that failed is made up for by the next", async () => {
  const { store, fresh } = storeOf();
  let isBroken = true;
  const seen = createSeenKeys({
    ...store,
    set: (key, value) => (isBroken ? Promise.reject(new Error("disk full")) : store.set(key, value)),
  });
  await expect(seen.add(["a"], new Set(["a"]))).rejects.toThrow("disk full");
  isBroken = false;
  await seen.add([], new Set(["a"]));
  expect(createSeenKeys(fresh()).has("a")).toBe(true);
});

test("a key stands for a value however its keys are ordered", () => {
  expect(keyOf({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(keyOf({ b: [{ d: 3, c: 2 }], a: 1 }));
  expect(keyOf([1, 2])).not.toBe(keyOf([2, 1]));
  expect(keyOf("1")).not.toBe(keyOf(1));
});
