// What filters remember is bounded; what has to go before its time is reported, and nothing of a proven sender goes for others.

import { expect, test } from "vitest";
import { createFilterTable } from "../../../src/journal/table/filter-table.ts";
import { createKeyedTable } from "../../../src/journal/table/keyed-table.ts";
import { createEvictionReport } from "../../../src/router/evictions.ts";
import { createMemory } from "../../../src/router/memory.ts";
import { manualClock } from "../../support/manual-clock.ts";

const until = (untilMs: number) => ({ value: "e1", untilMs });
test("of a scope that is full, what is past goes without a word and what is not is reported", () => {
  const forgotten: string[] = [];
  const table = createKeyedTable(1_000, (scope) => forgotten.push(scope));
  for (let n = 0; n < 10; n++) table.set("hook/proof", `k${n}`, until(100 + n), 10, n);
  table.set("hook/proof", "k10", until(300), 10, 100);
  expect([forgotten, table.get("hook/proof", "k1", 100)?.value]).toEqual([[], "e1"]);
  table.set("hook/proof", "k11", until(300), 10, 100);
  expect(forgotten).toEqual(["hook/proof"]);
  expect(table.get("hook/proof", "k2", 100)?.value).toBe("e1");
});

test("a full table first forgets what is past, whichever scope it is in", () => {
  const forgotten: string[] = [];
  const table = createKeyedTable(100, (scope) => forgotten.push(scope));
  for (let n = 0; n < 50; n++) table.set("quiet/proof", `k${n}`, until(1_000_000), 100, 0);
  for (let n = 0; n < 50; n++) table.set("past/dedupe/1", `k${n}`, until(10), 100, 0);
  for (let n = 0; n < 50; n++) table.set("busy/dedupe/1", `k${n}`, until(1_000_000), 100, 5_000 + n);
  expect([table.size(), forgotten]).toEqual([100, []]);
  table.set("busy/dedupe/1", "one more", until(1_000_000), 100, 7_000);
  expect(forgotten).toEqual(["quiet/proof"]);
});

test("however much unproven events leave behind, nothing of proven ones goes for it", () => {
  const table = createFilterTable();
  const forgotten: string[] = [];
  table.onForgotten((scope) => forgotten.push(scope));
  table.set("github/proof", "p1", until(1_000_000), 50_000, 0);
  table.set("ci/dedupe/1", "k", { value: "e1" }, 10_000, 0);
  for (let scope = 0; scope < 40; scope++)
    for (let n = 0; n < 7_000; n++)
      table.set(`open${scope}/dedupe/1/unverified`, `k${n}`, until(1_000_000), 10_000, 1);
  expect(table.size()).toBeLessThan(60_000);
  expect(table.get("github/proof", "p1", 1)?.value).toBe("e1");
  expect(table.get("ci/dedupe/1", "k", 1)?.value).toBe("e1");
  expect(new Set(forgotten.map((scope) => scope.endsWith("/unverified")))).toEqual(new Set([true]));
  expect(table.scopes().map(({ scope }) => scope)).toContain("github/proof");
});

test("a memory without a journal reports what it forgets early too", async () => {
  const forgotten: string[] = [];
  const memory = createMemory(manualClock(1_000), undefined, (scope) => forgotten.push(scope));
  const write = (key: string, untilMs: number) => ({ scope: "s/dedupe/1", key, value: 1, untilMs, limit: 8 });
  for (let n = 0; n < 10; n++) memory.stage([write(`k${n}`, 500)], Promise.resolve());
  expect(forgotten).toEqual([]);
  for (let n = 10; n < 30; n++) memory.stage([write(`k${n}`, 5_000)], Promise.resolve());
  expect(forgotten).toContain("s/dedupe/1");
});

test("what was forgotten is logged once an hour, in words that say what follows", () => {
  const clock = manualClock();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const report = createEvictionReport({ info: write, warn: write, error: write }, clock);
  for (let n = 0; n < 1_000; n++) report("github/proof");
  report("ci/dedupe/0123456789abcdef");
  report("ci/dedupe/fedcba9876543210/unverified");
  report("logs/delivery");
  expect(lines).toEqual([
    "source github: too many signed requests to remember: the oldest were dropped early, and would be accepted again if replayed",
    "channel ci: dedupe has too many keys to remember: the oldest were dropped early; an event with one of them counts as new",
  ]);
  clock.set(clock.now() + 60 * 60 * 1_000);
  report("github/proof");
  expect(lines).toHaveLength(3);
});
