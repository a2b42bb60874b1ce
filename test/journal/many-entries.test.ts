// Very many open entries: a page costs what it holds, wherever it begins and however many walks go on at once, and a look for expired
// ones goes through some thousands at a time.

import fc from "fast-check";
import { expect, test } from "vitest";
import { OpenEntries } from "../../src/journal/open-entries.ts";
import { processorTime } from "../support/processor-time.ts";

const span = { segment: 0, offset: 0, length: 1 };

function filled(count: number, untilMs = 1_000): OpenEntries {
  const entries = new OpenEntries(() => {});
  for (let n = 0; n < count; n++) entries.add({ id: `e${n}`, channel: "c", timeMs: 0, untilMs, span });
  return entries;
}

/** Walks of several readers through all entries, taking turns, each at its own span. */
function walks(entries: OpenEntries, count: number): number {
  const readers = Array.from({ length: 6 }, (_, index) => ({
    after: Math.floor((count * index) / 6),
    pages: 0,
  }));
  let pages = 0;
  for (let isMoving = true; isMoving; ) {
    isMoving = false;
    for (const reader of readers) {
      const last = entries.page({ after: reader.after, limit: 128 }).at(-1);
      if (last === undefined) continue;
      reader.after = last.position;
      pages += 1;
      isMoving = true;
    }
  }
  return pages;
}

test("walks that take turns cost in proportion to the entries", () => {
  const [small, large] = [20_000, 80_000];
  const [few, many] = [filled(small), filled(large)];
  const took = (entries: OpenEntries, count: number) => {
    const time = processorTime();
    walks(entries, count);
    return time();
  };
  took(few, small);
  const fewMs = took(few, small);
  expect(took(many, large) / Math.max(fewMs, 20)).toBeLessThan(4 * 2.5);
});

test("a page begins right behind any position, whatever was removed before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(9_999), { maxLength: 400 }),
      fc.array(fc.tuple(fc.nat(9_999), fc.nat(300)), { maxLength: 6 }),
      fc.array(fc.nat(10_500), { minLength: 1, maxLength: 30 }),
      (singles, runs, afters) => {
        const entries = filled(10_000);
        const gone = new Set(singles);
        for (const [from, length] of runs)
          for (let n = from; n < Math.min(10_000, from + length); n++) gone.add(n);
        for (const n of gone) entries.remove(`e${n}`, "c");
        const left = Array.from({ length: 10_000 }, (_, n) => n).filter((n) => !gone.has(n));
        for (const after of afters) {
          const found = entries.page({ after, limit: 3 }).map(({ id }) => id);
          // The first entry has position 1.
          expect(found).toEqual(
            left
              .filter((n) => n + 1 > after)
              .slice(0, 3)
              .map((n) => `e${n}`),
          );
        }
      },
    ),
    { numRuns: 8 },
  );
});

test("deadlines come some thousands at a time, each of them once", () => {
  const entries = filled(20_000, 500);
  entries.add({ id: "endless", channel: "d", timeMs: 0, span });
  entries.add({ id: "late", channel: "d", timeMs: 0, untilMs: 900, span });
  const found: number[] = [];
  let slices = 0;
  for (let after: number | undefined = 0; after !== undefined; slices += 1) {
    const { untilMs, next }: ReturnType<OpenEntries["deadlines"]> = entries.deadlines(after);
    expect(untilMs.length).toBeLessThanOrEqual(8_192);
    found.push(...untilMs);
    after = next;
  }
  expect(found).toEqual([...Array.from({ length: 20_000 }, () => 500), 900]);
  expect(slices).toBe(3);
});

test("a look for expired entries goes through some thousands, and finds each of them once", () => {
  const entries = filled(30_000, 500);
  for (let n = 0; n < 10; n++) entries.add({ id: `late${n}`, channel: "d", timeMs: 0, untilMs: 10, span });
  const found: string[] = [];
  let looks = 0;
  let behind: number | undefined;
  do {
    const { entries: some, next } = entries.expired(20, 4, behind);
    expect(some.length).toBeLessThanOrEqual(4);
    found.push(...some.map(({ id }) => id));
    for (const { id } of some) entries.remove(id, "d");
    looks += 1;
    behind = next;
  } while (behind !== undefined);
  expect(found).toEqual(Array.from({ length: 10 }, (_, n) => `late${n}`));
  expect(looks).toBeGreaterThan(3);
  while (entries.expired(20, 4, behind).next !== undefined) behind = entries.expired(20, 4, behind).next;
  // Now it is known when the next one expires, and nothing is looked at before.
  expect(entries.expired(499, 4)).toEqual({ entries: [] });
  expect(entries.expired(500, 4).entries).toHaveLength(4);
});

test("a scan for the entries of a segment costs little, however many channels they are on", () => {
  const entries = new OpenEntries(() => {});
  const count = 100_000;
  for (let n = 0; n < count; n++)
    entries.add({
      id: `e${n}`,
      channel: `c${n % 100}`,
      timeMs: 0,
      span: { segment: n % 1_000 === 0 ? 1 : 2, offset: n, length: 1 },
    });
  for (let n = 0; n < count; n += 3) entries.remove(`e${n}`, `c${n % 100}`);
  const found: string[] = [];
  const took = processorTime();
  for (let from: number | undefined = 0; from !== undefined; ) {
    const some: ReturnType<OpenEntries["inSegment"]> = entries.inSegment(1, 64, from);
    found.push(...some.entries.map(({ id }) => id));
    from = some.next;
  }
  const wanted = Array.from({ length: count / 1_000 }, (_, n) => n * 1_000).filter((n) => n % 3 !== 0);
  expect(found.sort()).toEqual(wanted.map((n) => `e${n}`).sort());
  expect(took()).toBeLessThan(200);
});
