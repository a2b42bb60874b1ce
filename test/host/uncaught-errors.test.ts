import { expect, test } from "vitest";
import type { Log } from "../../src/contract.ts";
import { clockFor } from "../../src/host/source-host.ts";
import { manualClock } from "../support/manual-clock.ts";

const lines: string[] = [];
const log: Log = { info: () => {}, warn: () => {}, error: (line) => void lines.push(line) };

test("what throws in a timer is told with whose it is, and other timers run", async () => {
  const clock = manualClock();
  const ran: string[] = [];
  const ours = clockFor("source ci", clock, log);
  ours.after(1, () => {
    throw new Error("in a timer");
  });
  ours.after(2, () => void ran.push("second"));
  ours.after(2, () => void ran.push("taken back"))();
  await clock.advance(5);
  expect(ran).toEqual(["second"]);
  expect(lines.splice(0)).toEqual([
    expect.stringMatching(/^source ci failed through a bug .*Error: in a timer/),
  ]);
});
