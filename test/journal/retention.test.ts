import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Journal } from "../../src/journal/journal.ts";
import { type Bench, createBench, openOf, record } from "./fixture.ts";

let bench: Bench;
beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench.clear());

const day = 24 * 60 * 60 * 1_000;

async function addEnded(journal: Journal, from: number, count: number, except?: number): Promise<void> {
  for (let n = from; n < from + count; n++) {
    const id = `0${String(n).padStart(4, "0")}`;
    await journal.append(record(id, ["ci"], { filler: 500 }));
    if (n !== except) await journal.mark({ id, channel: "ci", state: "sent", final: true });
    await journal.idle();
  }
}

test("over its size the journal lets its oldest ended segments go, and stays near the size", async () => {
  const journal = await bench.open({ segmentBytes: 2_000, maxBytes: 16_000 });
  await addEnded(journal, 0, 60);
  expect(journal.stats().bytes).toBeLessThan(20_000);
  expect(await journal.read("00000")).toBeUndefined();
  expect((await journal.read("00059"))?.type).toBe("event");
});

test("a segment with an open entry never goes, those around it do", async () => {
  const journal = await bench.open({ segmentBytes: 2_000, maxBytes: 8_000 });
  await addEnded(journal, 0, 60, 7);
  expect(openOf(journal)).toEqual(["00007@ci accepted"]);
  expect(await journal.read("00000")).toBeUndefined();
  expect(await journal.read("00020")).toBeUndefined();
  expect(await journal.deliveries(journal.entries("00007"))).toMatchObject([{ channel: "ci" }]);
  await journal.close();
  const again = await bench.open({ term: 2 });
  expect(openOf(again)).toEqual(["00007@ci accepted"]);
  expect(await again.deliveries(again.entries("00007"))).toMatchObject([{ channel: "ci" }]);
});

test("ended events go after the time they are kept, also in a quiet journal", async () => {
  const journal = await bench.open({ keepMs: 7 * day });
  await addEnded(journal, 0, 1);
  for (let n = 1; n <= 12; n++) {
    await bench.clock.advance(day);
    await addEnded(journal, n, 1);
  }
  await bench.clock.advance(60 * 60 * 1_000);
  await journal.idle();
  expect(await journal.read("00000")).toBeUndefined();
  expect((await journal.read("00012"))?.type).toBe("event");
});

test("entries whose segment somebody deleted are told as lost, the others stand", async () => {
  const journal = await bench.open({ segmentBytes: 2_000 });
  for (let n = 0; n < 20; n++) {
    await journal.append(record(`0${String(n).padStart(4, "0")}`, ["ci"], { filler: 500 }));
    await journal.idle();
  }
  await journal.close();
  rmSync(join(bench.folder, bench.files("segment")[0] as string));
  const again = await bench.open({ term: 2 });
  expect(again.recovery.lost).toBeGreaterThan(0);
  expect(again.stats().open).toBe(20 - again.recovery.lost);
  expect(bench.logged[0]).toContain("waiting events lost");
  expect(await again.deliveries(again.page({ limit: 99 }))).not.toContain(undefined);
});
