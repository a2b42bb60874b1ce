// What sources keep is never forgotten for what others keep: it is bounded for each source, sources that are gone make room, and
// what does not fit is refused in words.

import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createCursorTable } from "../../src/journal/table/cursor-table.ts";
import { type Bench, createBench } from "./fixture.ts";

let bench: Bench;
beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench.clear());

test("the cursor of a quiet poll outlives busy watches, and a restart by snapshot and by lines", async () => {
  let journal = await bench.open({ segmentBytes: 400_000 });
  await journal.moveCursor("poll/here/cursor", { page: 7 });
  await journal.note("silence", "ci", { reason: "a test" }, bench.clock.now() + 1e9);
  const moves: Promise<void>[] = [];
  for (let source = 0; source < 5; source++)
    for (let file = 0; file < 4_500; file++)
      moves.push(journal.moveCursor(`watch${source}/x/file:${file}`, [file]));
  await Promise.all(moves);
  for (let term = 2; term < 5; term++) {
    await journal.idle();
    await journal.close();
    journal = await bench.open({ term, segmentBytes: 400_000 });
    expect(journal.cursor("poll/here/cursor")).toEqual({ page: 7 });
    expect(journal.notes("silence")).toHaveLength(1);
    for (let source = 0; source < 5; source++) expect(journal.cursors(`watch${source}/`)).toHaveLength(4_500);
    await journal.moveCursor("cron/x/last", term);
  }
  expect(journal.cursors("watch4/").slice(0, 2)).toEqual([
    ["watch4/x/file:0", [0]],
    ["watch4/x/file:1", [1]],
  ]);
});

test("a source that keeps too much is refused in words, and nothing that is kept goes", async () => {
  const journal = await bench.open();
  const moves = Array.from({ length: 20_000 }, (_, file) => journal.moveCursor(`big/x/${file}`, file));
  await Promise.all(moves);
  await expect(journal.moveCursor("big/x/more", 1)).rejects.toMatchObject({
    code: "E_STORE_FULL",
    message: expect.stringContaining("source big stores 20000"),
    retryable: true,
  });
  // What is known may move, and another source is not concerned.
  await journal.moveCursor("big/x/5", 6);
  await journal.moveCursor("small/x/1", 1);
  await journal.moveCursor("big/x/6", null);
  await journal.moveCursor("big/x/more", 1);
  expect(journal.cursors("big/")).toHaveLength(20_000);
});

const name = fc
  .tuple(fc.constantFrom("a", "b", "c", "gone"), fc.nat(9))
  .map(([source, key]) => `${source}/x/${key}`);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("set" as const), name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), name }) },
);

test("whatever is kept, nothing of a source that is there is forgotten, and the bounds hold", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const table = createCursorTable({ ofSource: 6, ofAll: 14 });
      table.know(["a", "b", "c"]);
      const kept = new Map<string, number>();
      for (const [index, one] of steps.entries()) {
        if (one.do === "delete") {
          table.delete(one.name);
          kept.delete(one.name);
        } else if (table.refusal(one.name) === undefined) {
          table.set(one.name, index);
          kept.set(one.name, index);
        } else {
          const source = one.name.split("/")[0] as string;
          const ofSource = [...kept.keys()].filter((other) => other.startsWith(`${source}/`)).length;
          const ofOthers = [...kept.keys()].filter((other) => !other.startsWith("gone/")).length;
          expect(ofSource === 6 || ofOthers === 14 || kept.has(one.name) === false).toBe(true);
        }
        expect(table.size()).toBeLessThanOrEqual(14);
        for (const [key, value] of kept) {
          if (table.get(key) === undefined) {
            expect(key.startsWith("gone/")).toBe(true);
            kept.delete(key);
          } else expect(table.get(key)).toBe(value);
        }
      }
    }),
  );
});

test("what a source left that the config no longer has makes room for others", () => {
  const table = createCursorTable({ ofSource: 10, ofAll: 20 });
  for (let n = 0; n < 10; n++) table.set(`old/x/${n}`, n);
  for (let n = 0; n < 10; n++) table.set(`new/x/${n}`, n);
  expect(table.refusal("third/x/1")?.message).toContain("all sources store 20");
  table.know(["new", "third"]);
  expect(table.refusal("third/x/1")).toBeUndefined();
  expect([table.entries("old/").length, table.entries("new/").length]).toEqual([0, 10]);
});
