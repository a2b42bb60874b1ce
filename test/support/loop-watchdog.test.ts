import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { expectNoBlock, withWatchdog } from "./loop-watchdog.ts";

function burn(ms: number): void {
  const { user, system } = process.cpuUsage();
  for (;;) {
    const used = process.cpuUsage();
    if (used.user + used.system - user - system >= ms * 1_000) return;
  }
}

test("one synchronous piece of work is one block", async () => {
  const { blockedMs } = await withWatchdog(() => burn(60));
  expect(blockedMs).toBeGreaterThanOrEqual(50);
});

test("work in slices blocks for one slice at a time", async () => {
  const { result, blockedMs } = await withWatchdog(async () => {
    for (let slice = 0; slice < 10; slice++) {
      burn(20);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return "done";
  });
  expect(result).toBe("done");
  expect(blockedMs).toBeLessThan(150);
});

test("waiting is no block", async () => {
  const { blockedMs } = await withWatchdog(() => pause(30));
  expect(blockedMs).toBeLessThan(30);
});

test("a block that is too long fails the test, whatever the work gives", async () => {
  await expect(expectNoBlock(() => burn(40), 20)).rejects.toThrow("blocked for longer than 20 ms");
  await expect(expectNoBlock(() => "fine", 200)).resolves.toBe("fine");
});
