import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createMemoryCursors, createStore } from "../../src/host/store.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { quiet } from "../support/host.ts";

const clean: (() => void)[] = [];
afterEach(() => {
  for (const step of clean.splice(0)) step();
});

test("what a source keeps is there after a restart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "store-"));
  clean.push(() => rmSync(folder, { recursive: true }));
  const open = (term: number) =>
    openJournal({ folder, term, isCurrent: () => true, clock: systemClock, log: quiet });

  const journal = await open(1);
  const store = createStore(journal, "ci", "here");
  await store.set("cursor", { page: 3 });
  await store.set("etag", "abc");
  await store.set("etag", null);
  await journal.close();

  const later = await open(2);
  expect(createStore(later, "ci", "here").entries()).toEqual([["cursor", { page: 3 }]]);
  expect(createStore(later, "c", "here").entries()).toEqual([]);
  await later.close();
});

test("a source with another address begins empty, and the old place is forgotten once the new one keeps something", async () => {
  const cursors = createMemoryCursors();
  await createStore(cursors, "ci", "here").set("cursor", 1);
  const moved = createStore(cursors, "ci", "there");
  expect(moved.get("cursor")).toBeUndefined();
  expect(createStore(cursors, "ci", "here").get("cursor")).toBe(1);
  await moved.set("cursor", 7);
  expect(createStore(cursors, "ci", "here").get("cursor")).toBeUndefined();
  expect(createStore(cursors, "ci", "there").get("cursor")).toBe(7);
});

test("a value that could not be written is not there", async () => {
  const store = createStore(
    { cursors: () => [], moveCursor: () => Promise.reject(new Error("disk full")) },
    "ci",
    "here",
  );
  await expect(store.set("cursor", 1)).rejects.toThrow("disk full");
  expect(store.get("cursor")).toBeUndefined();
});
