import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { guardAgainstCrashes } from "../../src/daemon/crash-guard.ts";
import { manualClock } from "../support/manual-clock.ts";

function survivor() {
  const faults = new EventEmitter();
  const clock = manualClock();
  const lines: string[] = [];
  let isOver = false;
  guardAgainstCrashes(
    { error: (line) => lines.push(line) },
    clock,
    () => {
      isOver = true;
    },
    faults,
  );
  return { faults, clock, lines, isOver: () => isOver };
}

it.each(["uncaughtException", "unhandledRejection"])("is told of %s, and goes on", (kind) => {
  const { faults, lines, isOver } = survivor();
  faults.emit(kind, new TypeError("of a library"));
  faults.emit(kind, "no error at all");
  faults.emit(kind, undefined);
  expect(lines).toEqual([
    expect.stringMatching(/everything else continues: TypeError: of a library\n +at /),
    expect.stringContaining("no error at all"),
    expect.stringContaining("undefined"),
  ]);
  expect(isOver()).toBe(false);
});

it("does not tell a reader that is gone", () => {
  const { faults, lines } = survivor();
  faults.emit("uncaughtException", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  expect(lines).toEqual([]);
});

it("says little of many, and ends what does nothing but fail", async () => {
  const { faults, clock, lines, isOver } = survivor();
  for (let count = 0; count < 200; count += 1) faults.emit("unhandledRejection", new Error("again"));
  expect(lines).toHaveLength(10);
  await clock.advance(61_000);
  for (let count = 0; count < 200; count += 1) faults.emit("unhandledRejection", new Error("again"));
  expect(isOver()).toBe(false);
  faults.emit("unhandledRejection", new Error("again"));
  expect(isOver()).toBe(true);
});
