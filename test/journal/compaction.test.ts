// A few events that wait for long do not keep the space of all that was accepted around them.

import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Journal } from "../../src/journal/journal.ts";
import { type Bench, createBench, delivery, openOf, record } from "./fixture.ts";

let bench: Bench;
beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench.clear());

const limits = { segmentBytes: 4_000, maxBytes: 60_000 };
const idOf = (n: number) => `0${String(n).padStart(4, "0")}`;

/** Of each ten events one waits, in the state that its number says. */
async function fill(journal: Journal, count: number, from = 0): Promise<string[]> {
  const waiting: string[] = [];
  for (let n = from; n < from + count; n++) {
    const id = idOf(n);
    await bench.clock.advance(1);
    await journal.append(
      record(id, ["ci", delivery("ops", { priority: "high" })], { filler: 300, timeMs: n }),
    );
    if (n % 10 !== 0) {
      await journal.mark({ id, channel: "ci", state: "sent", final: true });
      await journal.mark({ id, channel: "ops", state: "acked" });
    } else {
      const attempt = (n / 10) % 3;
      if (attempt > 0) await journal.mark({ id, channel: "ci", state: "sent", session: "s1", attempt });
      await journal.mark({ id, channel: "ops", state: "expired" });
      waiting.push(`${id}@ci ${attempt > 0 ? `sent${attempt}` : "accepted"}`);
    }
    await journal.idle();
  }
  return waiting;
}

const bytesOnDisk = () =>
  bench.files("segment").reduce((sum, name) => sum + statSync(join(bench.folder, name)).size, 0);

async function expectWhole(journal: Journal, waiting: readonly string[]): Promise<void> {
  expect(openOf(journal)).toEqual(waiting);
  const entries = journal.page({ limit: 1_000 });
  const bodies = await journal.deliveries(entries);
  expect(bodies.map((body) => body?.channel)).toEqual(entries.map(() => "ci"));
  const event = await journal.read(idOf(0));
  expect(event).toMatchObject({ timeMs: expect.any(Number), event: { id: idOf(0), timeMs: 0 } });
  expect(event).not.toHaveProperty("moved");
}

test("the journal stays near its size although in each segment an event waits", async () => {
  const journal = await bench.open(limits);
  const waiting = await fill(journal, 300);
  expect(bytesOnDisk()).toBeLessThan(1.5 * limits.maxBytes + limits.segmentBytes);
  await expectWhole(journal, waiting);
  expect(journal.recovery.damage).toEqual([]);
});

test.each(["as it was closed", "killed", "without its last snapshot", "without snapshots"])(
  "what was moved waits after a restart: %s",
  async (how) => {
    const journal = await bench.open(limits);
    const waiting = await fill(journal, 300);
    if (how === "as it was closed") await journal.close();
    const snapshots = bench.files("snapshot");
    expect(snapshots).toHaveLength(2);
    if (how === "without its last snapshot")
      writeFileSync(join(bench.folder, snapshots[1] as string), "torn");
    if (how === "without snapshots") for (const name of snapshots) rmSync(join(bench.folder, name));
    const again = await bench.open({ ...limits, term: 2 });
    expect(again.recovery).toMatchObject({ lost: 0, brokenLines: 0 });
    if (how === "without snapshots") {
      // What had ended may wait again; what waited was not lost, and its attempts are known.
      expect(openOf(again)).toEqual(expect.arrayContaining(waiting));
    } else await expectWhole(again, waiting);
    await again.mark({ id: idOf(0), channel: "ci", state: "acked" });
    const more = await fill(again, 100, 300);
    if (how !== "without snapshots") await expectWhole(again, [...waiting.slice(1), ...more]);
  },
);

test("an entry that was read before its line was moved can still be delivered", async () => {
  const journal = await bench.open(limits);
  await fill(journal, 10);
  const before = journal.entries(idOf(0));
  await fill(journal, 290, 10);
  expect(journal.entries(idOf(0))[0]?.span).not.toEqual(before[0]?.span);
  expect(await journal.deliveries(before)).toMatchObject([{ channel: "ci" }]);
});

test("a moved event is neither a later one nor a second one", async () => {
  const journal = await bench.open(limits);
  await fill(journal, 300);
  const recent = await journal.recent(20);
  expect(recent.map((one) => ("event" in one ? one.event.id : one.id))).toEqual(
    Array.from({ length: 20 }, (_, n) => idOf(299 - n)),
  );
  const ids = (await journal.recent(1_000)).map((one) => ("event" in one ? one.event.id : one.id));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toContain(idOf(0));
  expect(ids.toSorted().reverse()).toEqual(ids);
  const history = await journal.history(idOf(0));
  expect(history.filter(({ type }) => type === "event")).toHaveLength(1);
});

test("a digest is moved with its place and its members", async () => {
  const journal = await bench.open(limits);
  for (const n of [0, 1]) await journal.append(record(idOf(n), ["ci"], { filler: 300 }));
  const members = [0, 1].map((n) => ({ id: idOf(n), channel: "ci" }));
  await journal.append({ id: "d1", delivery: delivery("ci", { content: "two" }), members });
  const waiting = await fill(journal, 290, 10);
  expect(openOf(journal)).toEqual(["d1@ci accepted", ...waiting]);
  expect(await journal.deliveries(journal.entries("d1"))).toMatchObject([{ content: "two" }]);
  expect(await journal.read("d1")).toMatchObject({ members });
  const text = bench.files("segment").map(bench.text).join("");
  expect(text.match(/^\{"v":1,"type":"digest".*"moved":.*"crc":"[0-9a-f]{8}"\}$/gm)).toHaveLength(1);
  expect(text.match(/"crc":/g)).toHaveLength(text.trimEnd().split("\n").length);
  const recent = await journal.recent(1_000);
  expect(recent.filter((one) => "id" in one).map((one) => "id" in one && one.id)).toEqual(["d1"]);
});

test("nothing is moved where all of it waits, or while the journal is small", async () => {
  const journal = await bench.open({ ...limits, maxBytes: 1_000_000 });
  await fill(journal, 100);
  const before = journal.entries(idOf(0))[0]?.span;
  await journal.idle();
  expect(journal.entries(idOf(0))[0]?.span).toEqual(before);
  await journal.close();
  const full = await bench.open({ ...limits, term: 2, maxBytes: 4_000 });
  for (let n = 500; n < 560; n++) await full.append(record(idOf(n), ["ci"], { filler: 300 }));
  await full.idle();
  const text = bench.files("segment-00000002").map(bench.text).join("");
  expect(text.match(/"id":"00500"/g)).toHaveLength(1);
});
