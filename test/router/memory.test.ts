import { expect, test } from "vitest";
import { createMemory } from "../../src/router/memory.ts";
import { manualClock } from "../support/manual-clock.ts";

const write = (key: string, value: string, more = {}) => ({ scope: "s", key, value, limit: 3, ...more });

function held() {
  let settle = { resolve: () => {}, reject: (_: Error) => {} };
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}

test("an entry is seen at once, marked pending until its commit settles", async () => {
  const memory = createMemory(manualClock());
  const commit = held();
  memory.stage([write("a", "1")], commit.promise);
  expect(memory.get("s", "a")).toEqual({ value: "1", pending: commit.promise });
  commit.resolve();
  await commit.promise;
  expect(memory.get("s", "a")).toEqual({ value: "1" });
});

test("a failed commit leaves what was known before", async () => {
  const memory = createMemory(manualClock());
  memory.stage([write("a", "1")], Promise.resolve());
  await Promise.resolve();
  const commit = held();
  memory.stage([write("a", "2"), write("b", "2")], commit.promise);
  commit.reject(new Error("disk full"));
  await commit.promise.catch(() => {});
  expect(memory.get("s", "a")).toEqual({ value: "1" });
  expect(memory.get("s", "b")).toBeUndefined();
});

test("of two overlapping commits that both fail, neither leaves a trace", async () => {
  const memory = createMemory(manualClock());
  const [first, second] = [held(), held()];
  memory.stage([write("a", "1")], first.promise);
  memory.stage([write("a", "2")], second.promise);
  first.reject(new Error("first"));
  await first.promise.catch(() => {});
  expect(memory.get("s", "a")?.value).toBe("2");
  second.reject(new Error("second"));
  await second.promise.catch(() => {});
  expect(memory.get("s", "a")).toBeUndefined();
});

test("an entry is forgotten at its time, not a millisecond before", async () => {
  const clock = manualClock(1_000);
  const memory = createMemory(clock);
  memory.stage([write("a", "1", { untilMs: 2_000 })], Promise.resolve());
  clock.set(1_999);
  expect(memory.get("s", "a")?.value).toBe("1");
  clock.set(2_000);
  expect(memory.get("s", "a")).toBeUndefined();
});

test("a scope holds so many entries and lets the oldest go", () => {
  const memory = createMemory(manualClock());
  for (const key of ["a", "b", "a", "c", "d"]) memory.stage([write(key, key)], Promise.resolve());
  expect(["a", "b", "c", "d"].filter((key) => memory.get("s", key) !== undefined)).toEqual(["a", "c", "d"]);
  expect(memory.size()).toBe(3);
});
