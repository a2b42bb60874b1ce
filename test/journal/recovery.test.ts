import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, createBench, delivery, openOf, record } from "./fixture.ts";

let bench: Bench;
beforeEach(() => {
  bench = createBench();
});
afterEach(() => bench.clear());

const path = (name: string | undefined) => join(bench.folder, name as string);

/** Ten events, three of them ended, each in the given segment size. */
async function fill(segmentBytes = 16 * 1024 * 1024): Promise<string[]> {
  const journal = await bench.open({ segmentBytes });
  for (let n = 0; n < 10; n++) {
    const id = `0${n}`;
    await journal.append(
      record(id, ["ci"], { filler: 200, memory: [{ scope: "s", key: id, value: n, limit: 99 }] }),
    );
    if (n % 3 === 1) await journal.mark({ id, channel: "ci", state: "sent", final: true });
    await journal.moveCursor("feed", n);
    await journal.idle();
  }
  const open = openOf(journal);
  await journal.close();
  return open;
}

test("a torn last line is cut off, and the file ends in a line feed again", async () => {
  const open = await fill();
  const [name] = bench.files("segment");
  const whole = bench.text(name as string);
  appendFileSync(path(name), '{"v":1,"type":"event","timeMs":17');
  const journal = await bench.open({ term: 2 });
  expect(openOf(journal)).toEqual(open);
  expect(journal.recovery).toMatchObject({ tornBytes: 33, brokenLines: 0 });
  expect(bench.text(name as string)).toBe(whole);
  expect(bench.logged).toEqual([]);
});

test("zeros that a power cut left at the end are cut off", async () => {
  const open = await fill();
  appendFileSync(path(bench.files("segment")[0]), Buffer.alloc(4_096));
  const journal = await bench.open({ term: 2 });
  expect(openOf(journal)).toEqual(open);
  expect(journal.recovery.tornBytes).toBe(4_096);
});

test("a broken line in the middle is set aside and told; all others stand", async () => {
  const open = await fill();
  const [name] = bench.files("segment");
  const bytes = readFileSync(path(name));
  bytes.write("?", bytes.indexOf('"id":"03"') + 6);
  writeFileSync(path(name), bytes);
  const journal = await bench.open({ term: 2 });
  expect(openOf(journal)).toEqual(open.filter((one) => !one.startsWith("03")));
  expect(journal.recovery.brokenLines).toBe(1);
  const [aside] = bench.files("corrupt-");
  expect(bench.text(aside as string)).toContain('"id":"?3"');
  expect(bench.logged).toEqual([`warn: journal: skipped broken lines: 1, see ${path(aside)}`]);
  // A snapshot was written at once: it is not read, told and set aside again.
  await journal.idle();
  await journal.close();
  const again = await bench.open({ term: 3 });
  expect(again.recovery).toMatchObject({ brokenLines: 0, snapshot: "whole" });
  expect(openOf(again)).toEqual(openOf(journal));
});

test("a lost line feed costs the broken line, not the one behind it", async () => {
  const open = await fill();
  const [name] = bench.files("segment");
  const bytes = readFileSync(path(name));
  const end = bytes.indexOf(10, bytes.indexOf('"id":"02"'));
  bytes.write("    ", end - 3);
  writeFileSync(path(name), bytes);
  const journal = await bench.open({ term: 2 });
  expect(openOf(journal)).toEqual(open.filter((one) => !one.startsWith("02")));
  expect(journal.cursor("feed")).toBe(9);
});

test("recovery reads the last snapshot and the segment behind it, however many there are", async () => {
  const open = await fill(700);
  expect(bench.files("segment").length).toBeGreaterThan(4);
  const journal = await bench.open({ term: 2 });
  expect(journal.recovery).toMatchObject({ snapshot: "whole" });
  expect(journal.recovery.segmentsRead).toBeLessThanOrEqual(1);
  expect(openOf(journal)).toEqual(open);
  expect(journal.memory.get("s", "00")).toBe(0);
  expect(await journal.deliveries(journal.page({ limit: 99 }))).not.toContain(undefined);
});

test("a power cut is possible after a boot, unless the journal was closed, and not after a kill", async () => {
  bench.clock.set(1_000_000);
  const first = await bench.open({ boot: "1" });
  expect(first.recovery.unsyncedSinceMs).toBeUndefined();
  await first.append(record("e1"));
  // Killed, and the next leader was killed before it had written anything.
  writeFileSync(path("segment-00000002-00000000.jsonl"), "");
  const killed = await bench.open({ term: 3, boot: "1" });
  expect(killed.recovery.unsyncedSinceMs).toBeUndefined();
  const cut = await bench.open({ term: 4, boot: "2" });
  expect(cut.recovery.unsyncedSinceMs).toBe(985_000);
  expect(cut.untouched(985_000, 9).entries.map(({ id }) => id)).toEqual(["e1"]);
  expect(cut.untouched(1_000_001, 9).entries).toEqual([]);
  await cut.append(record("e2"));
  await cut.close();
  const closed = await bench.open({ term: 5, boot: "3" });
  expect(closed.recovery.unsyncedSinceMs).toBeUndefined();
  await closed.append(record("e3"));
  const again = await bench.open({ term: 6, boot: "4" });
  expect(again.recovery.unsyncedSinceMs).toBe(985_000);
});

test("thousands of open entries are the same after a restart, in their order and with their states", async () => {
  const journal = await bench.open();
  const ids = Array.from({ length: 9_000 }, (_, n) => `e${n}`);
  const channels = ["ci", delivery("chat", { priority: "high", meta: { trust: "unverified" }, untilMs: 7 })];
  await Promise.all(ids.map((id) => journal.append(record(id, channels))));
  const changes = ids.filter((_, n) => n % 3 === 0).map((id) => ({ id, channel: "ci", session: "s" }));
  await journal.mark(
    ...changes.map((one, n) =>
      n % 2 === 0
        ? { ...one, state: "acked" as const }
        : { ...one, state: "sent" as const, final: false, attempt: 2 },
    ),
  );
  const before = journal.page({ limit: 20_000 });
  await journal.close();
  expect(bench.files("snapshot").length).toBeGreaterThan(0);
  const again = await bench.open({ term: 2 });
  expect(again.recovery).toMatchObject({ snapshot: "whole", linesRead: 0 });
  const plain = (entries: typeof before) =>
    entries.map(({ span: { offset, length }, ...rest }) => ({ ...rest, offset, length }));
  expect(plain(again.page({ limit: 20_000 }))).toEqual(plain(before));
  expect(again.stats().counts).toEqual(journal.stats().counts);
  expect(again.entries("e8999")).toHaveLength(2);
  expect(await again.deliveries(again.page({ limit: 500 }))).not.toContain(undefined);
});

for (const [how, spoil] of [
  ["is cut short", (file: string) => truncateSync(file, 300)],
  ["is garbage", (file: string) => writeFileSync(file, "not a snapshot\n")],
  ["is empty", (file: string) => writeFileSync(file, "")],
] as const) {
  test(`a snapshot that ${how} makes recovery read older segments, with the same result`, async () => {
    const open = await fill(700);
    for (const name of bench.files("snapshot")) spoil(path(name));
    const journal = await bench.open({ term: 2 });
    expect(journal.recovery).toMatchObject({ snapshot: "broken", gap: false });
    expect(openOf(journal)).toEqual(open);
    expect(journal.cursor("feed")).toBe(9);
    expect(journal.memory.get("s", "09")).toBe(9);
    expect(bench.logged).toEqual([
      "warn: journal: a snapshot could not be read; older segments were read instead",
    ]);
  });
}

test("lines of a newer version are left where they are and told", async () => {
  const open = await fill();
  const { encodeLine } = await import("../../src/journal/line-format.ts");
  const [name] = bench.files("segment");
  appendFileSync(path(name), encodeLine({ type: "hologram" }));
  const journal = await bench.open({ term: 2 });
  expect(openOf(journal)).toEqual(open);
  expect(journal.recovery).toMatchObject({ unknownLines: 1, brokenLines: 0 });
  expect(bench.text(name as string)).toContain("hologram");
});

test("an owner that has been superseded promises nothing more, and what it still writes does not count", async () => {
  let epoch = 1;
  const old = await bench.open({ isCurrent: () => epoch === 1 });
  await old.append(record("0a"));
  const heir = await bench.open({ term: 2, isCurrent: () => epoch === 2 });
  epoch = 2;
  const late = expect(old.append(record("0b"))).rejects.toMatchObject({
    code: "E_JOURNAL_CLOSED",
    retryable: true,
  });
  await heir.append(record("0c"));
  await late;
  expect(await old.ended).toBe("superseded");
  await expect(old.append(record("0d"))).rejects.toMatchObject({ code: "E_JOURNAL_CLOSED" });
  await heir.close();
  const third = await bench.open({ term: 3 });
  expect(openOf(third)).toEqual(["0a@ci accepted", "0c@ci accepted"]);
});

test("a journal that a higher epoch wrote is not opened with a lower one", async () => {
  await (await bench.open({ term: 5 })).append(record("0a"));
  await expect(bench.open({ term: 4 })).rejects.toMatchObject({ code: "E_JOURNAL_CLOSED" });
});

test("the same epoch may open again, in a new segment", async () => {
  for (const id of ["0a", "0b", "0c"]) {
    const journal = await bench.open();
    await journal.append(record(id));
    await journal.close();
  }
  expect(bench.files("segment")).toHaveLength(3);
  expect(openOf(await bench.open())).toEqual(["0a@ci accepted", "0b@ci accepted", "0c@ci accepted"]);
});
