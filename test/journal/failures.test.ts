import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FailingDisk, failingDisk } from "./failing-disk.ts";
import { type Bench, createBench, openOf, record } from "./fixture.ts";

let bench: Bench;
let disk: FailingDisk;
beforeEach(() => {
  bench = createBench();
  disk = failingDisk();
});
afterEach(() => bench.clear());

const reopened = async () => openOf(await bench.open({ term: 99 }));

test("on a full disk an event is refused whole, told once, and the next is taken when there is room again", async () => {
  const journal = await bench.open({ disk });
  await journal.append(record("0a"));
  disk.roomBytes = 100;
  for (const id of ["0b", "0c", "0d"])
    await expect(journal.append(record(id))).rejects.toMatchObject({
      code: "E_JOURNAL_FULL",
      retryable: true,
    });
  expect(journal.stats().failure).toContain("is full");
  expect(bench.text(bench.files()[0] as string)).not.toContain("0b");
  disk.roomBytes = Number.POSITIVE_INFINITY;
  await journal.append(record("0e"));
  expect(journal.stats().failure).toBeUndefined();
  expect(bench.logged).toEqual([
    `error: journal: the disk of ${bench.folder} is full; senders are asked to retry until it can be written`,
    "info: journal: writing again",
  ]);
  expect(openOf(journal)).toEqual(["0a@ci accepted", "0e@ci accepted"]);
  expect(await reopened()).toEqual(["0a@ci accepted", "0e@ci accepted"]);
});

test("a disk that takes small events and refuses large ones is not complained about each time", async () => {
  const journal = await bench.open({ disk });
  await journal.append(record("0a"));
  for (let n = 0; n < 5; n++) {
    disk.roomBytes = 5_000;
    await expect(journal.append(record(`0b${n}`, ["ci"], { filler: 9_000 }))).rejects.toMatchObject({
      code: "E_JOURNAL_FULL",
    });
    disk.roomBytes = 5_000;
    await journal.append(record(`0c${n}`));
  }
  expect(bench.logged).toHaveLength(2);
});

test("short writes are finished", async () => {
  disk.maxWriteBytes = 7;
  const journal = await bench.open({ disk });
  await Promise.all(["0a", "0b"].map((id) => journal.append(record(id))));
  expect(await reopened()).toEqual(["0a@ci accepted", "0b@ci accepted"]);
});

test("after a failed sync the group does not count, even if it cannot be cut off", async () => {
  const journal = await bench.open({ disk });
  await journal.append(record("0a"));
  disk.fail(["sync", "truncate"]);
  const both = await Promise.allSettled([journal.append(record("0b")), journal.append(record("0c"))]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  disk.fail([]);
  await journal.append(record("0d"));
  expect(bench.text(bench.files("segment")[0] as string)).toContain('"id":"0b"');
  expect(await reopened()).toEqual(["0a@ci accepted", "0d@ci accepted"]);
});

test("a segment that cannot be begun refuses the event and leaves no half file in the way", async () => {
  const journal = await bench.open({ disk });
  for (const operation of ["create", "write", "sync"] as const) {
    disk.fail([operation]);
    await expect(journal.append(record("0a"))).rejects.toMatchObject({ code: "E_JOURNAL_WRITE" });
  }
  disk.fail([]);
  await journal.append(record("0a"));
  expect(await reopened()).toEqual(["0a@ci accepted"]);
});

test("a jot and a fact outlive the process without a sync, and are synced a second later", async () => {
  const journal = await bench.open({ disk });
  await journal.append(record("0a"));
  disk.fail(["sync"]);
  await journal.jot("sending", "a session", ["0a"]);
  await journal.mark({ id: "0a", channel: "ci", state: "sent", final: true });
  const heir = await bench.open({ term: 2 });
  expect(heir.notes("sending")).toEqual([{ key: "a session", value: ["0a"] }]);
  expect(openOf(heir)).toEqual([]);

  expect(journal.stats().failure).toBeUndefined();
  await bench.clock.advance(1_000);
  await journal.idle();
  expect(journal.stats().failure).toContain("EIO");
});

test("facts stand at once and are written when the disk takes them again, by themselves", async () => {
  const journal = await bench.open({ disk });
  await journal.append(record("0a"));
  await journal.append(record("0b"));
  disk.fail(["write"]);
  let settled = false;
  const sent = journal.mark({ id: "0a", channel: "ci", state: "sent", final: true }).then(() => {
    settled = true;
  });
  await journal.idle();
  expect(openOf(journal)).toEqual(["0b@ci accepted"]);
  await expect(journal.append(record("0c"))).rejects.toMatchObject({ code: "E_JOURNAL_WRITE" });
  await bench.clock.advance(1_000);
  await journal.idle();
  expect(settled).toBe(false);
  disk.fail([]);
  await bench.clock.advance(1_000);
  await sent;
  await journal.close();
  expect(await reopened()).toEqual(["0b@ci accepted"]);
});

test("on a full disk, segments whose events are delivered meanwhile make room by themselves", async () => {
  const disk = failingDisk();
  const journal = await bench.open({ disk, segmentBytes: 2_000, maxBytes: 4_000 });
  const ids = Array.from({ length: 30 }, (_, n) => `0${String(n).padStart(4, "0")}`);
  for (const id of ids) {
    await journal.append(record(id, ["ci"], { filler: 500 }));
    await journal.idle();
  }
  const before = bench.files("segment").length;
  disk.roomBytes = 0;
  for (const id of ids) await journal.mark({ id, channel: "ci", state: "acked" });
  await expect(journal.append(record("1", ["ci"]))).rejects.toMatchObject({ code: "E_JOURNAL_FULL" });
  await journal.idle();
  expect(bench.files("segment").length).toBeLessThan(before / 2);
  disk.roomBytes = Number.POSITIVE_INFINITY;
  await journal.append(record("2", ["ci"]));
  expect(openOf(journal)).toEqual(["2@ci accepted"]);
  await journal.close();
  expect(openOf(await bench.open({ term: 2 }))).toEqual(["2@ci accepted"]);
});

test("a snapshot that cannot be written costs nothing but a warning", async () => {
  const journal = await bench.open({ disk, segmentBytes: 700 });
  disk.fail(["rename"], "EACCES");
  for (const id of ["0a", "0b", "0c", "0d", "0e", "0f"]) {
    await journal.append(record(id, ["ci"], { filler: 300 }));
    await journal.idle();
  }
  expect(bench.files("snapshot")).toEqual([]);
  expect(bench.logged).toHaveLength(1);
  expect(bench.logged[0]).toContain("housekeeping");
  disk.fail([]);
  expect(await reopened()).toHaveLength(6);
});

test("the folder removed while running: made again, told, and all that is in RAM is saved", async () => {
  const journal = await bench.open();
  await journal.append(record("0a", ["ci"], { memory: [{ scope: "s", key: "k", value: 1, limit: 9 }] }));
  await journal.moveCursor("feed", 7);
  rmSync(dirname(bench.folder), { recursive: true });
  await journal.append(record("0b"));
  await journal.idle();
  expect(openOf(journal)).toEqual(["0b@ci accepted"]);
  expect(bench.logged).toEqual([
    `error: journal: ${bench.folder} was removed while running and created again; waiting events lost with it: 1`,
  ]);
  await journal.close();
  const again = await bench.open({ term: 2 });
  expect(openOf(again)).toEqual(["0b@ci accepted"]);
  expect(again.memory.get("s", "k")).toBe(1);
  expect(again.cursor("feed")).toBe(7);
});

test("the folder removed between two segments is noticed too", async () => {
  const journal = await bench.open({ segmentBytes: 100 });
  await journal.append(record("0a"));
  await journal.idle();
  rmSync(bench.folder, { recursive: true });
  await journal.append(record("0b"));
  expect(openOf(journal)).toEqual(["0b@ci accepted"]);
  expect(await journal.deliveries(journal.page({ limit: 9 }))).toMatchObject([{ channel: "ci" }]);
});

test("a folder that cannot be made refuses events with what to do, and opening is no error", async () => {
  mkdirSync(dirname(bench.folder), { recursive: true });
  writeFileSync(bench.folder, "a file stands where the folder should be");
  const journal = await bench.open();
  await expect(journal.append(record("0a"))).rejects.toMatchObject({
    code: "E_JOURNAL_WRITE",
    retryable: true,
  });
  rmSync(bench.folder);
  await journal.append(record("0b"));
  expect(openOf(journal)).toEqual(["0b@ci accepted"]);
});

test("a folder with wider rights is closed to others", async () => {
  mkdirSync(bench.folder, { recursive: true, mode: 0o755 });
  chmodSync(bench.folder, 0o755);
  await (await bench.open()).append(record("0a"));
  expect(execFileSync("stat", ["-c", "%a", bench.folder], { encoding: "utf8" }).trim()).toBe("700");
});

test("a real full disk: refused while full, taken when freed", async (context) => {
  const mount = mkdtempSync(join(tmpdir(), "small-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount], { stdio: "ignore" });
  } catch {
    rmSync(mount, { recursive: true });
    context.skip("mounting a tmpfs is not permitted here");
  }
  const small = createBench(mount);
  try {
    const journal = await small.open();
    await journal.append(record("0a", ["ci"], { filler: 200_000 }));
    const ballast = join(mount, "ballast");
    writeFileSync(ballast, Buffer.alloc(450_000));
    await expect(journal.append(record("0b", ["ci"], { filler: 300_000 }))).rejects.toMatchObject({
      code: "E_JOURNAL_FULL",
    });
    rmSync(ballast);
    await journal.append(record("0c", ["ci"], { filler: 300_000 }));
    await journal.close();
    expect(openOf(await small.open({ term: 2 }))).toEqual(["0a@ci accepted", "0c@ci accepted"]);
  } finally {
    await small.clear();
    execFileSync("umount", [mount]);
    rmSync(mount, { recursive: true });
  }
});

test("a fact that could not be written yet is unknown to whoever opens the journal, and written later", async () => {
  const journal = await bench.open({ disk, segmentBytes: 400 });
  await journal.append(record("0a"));
  await journal.append(record("0b"));
  await journal.idle();
  const before = bench.files("snapshot");
  disk.fail(["create"]);
  const sent = journal.mark({ id: "0a", channel: "ci", state: "sent", final: true });
  await journal.idle();
  expect(bench.files("snapshot")).toEqual(before);
  expect(await reopened()).toEqual(["0a@ci accepted", "0b@ci accepted"]);
  disk.fail([]);
  await bench.clock.advance(1_000);
  await sent;
  expect(openOf(journal)).toEqual(["0b@ci accepted"]);
});
