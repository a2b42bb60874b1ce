import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Listener } from "../../src/files/folder-reports.ts";
import type { FolderWatch } from "../../src/files/folder-watch.ts";
import { type FileWatch, type FileWatchOptions, watchFiles } from "../../src/host/file-watch.ts";
import { type ManualClock, manualClock } from "../support/manual-clock.ts";
import { eventually } from "../support/router.ts";

let folder: string;
let clock: ManualClock;
let watch: FileWatch | undefined;
/** The times to the next look, as they were ordered. */
let looks: number[];
let changes: number;
beforeEach(() => {
  looks = [];
  changes = 0;
  folder = mkdtempSync(join(tmpdir(), "cr-file-watch-"));
  clock = manualClock();
});
afterEach(() => {
  watch?.close();
  rmSync(folder, { recursive: true, force: true });
});

function begin(reports?: FileWatchOptions["reports"]): void {
  const noting = {
    now: clock.now,
    after(ms: number, run: () => void) {
      if (ms >= 1_000) looks.push(ms);
      return clock.after(ms, run);
    },
  };
  const onChange = () => {
    changes += 1;
  };
  watch = watchFiles({ clock: noting, onChange, ...(reports && { reports }) });
  watch.watch([join(folder, "a")]);
}

/** Settles when a look has ended, with the time to the next one. */
async function looked(): Promise<number> {
  const seen = looks.length;
  await eventually(() => looks.length > seen);
  return looks.at(-1) as number;
}

/** Reports of the system, to be told by hand or not at all. */
function byHand(isWhole = true) {
  let onChange: Listener = () => undefined;
  const reports = (listener: Listener): FolderWatch => {
    onChange = listener;
    return { watch: () => undefined, isWhole: () => isWhole, close: () => undefined };
  };
  return { reports, tell: (name: string) => onChange(folder, name) };
}

test("what the system reports is told on after 200 ms, and looks stay ten seconds apart", async () => {
  writeFileSync(join(folder, "a"), "1");
  const { reports, tell } = byHand();
  begin(reports);
  expect(await looked()).toBe(10_000);
  for (const text of ["22", "333"]) {
    writeFileSync(join(folder, "a"), text);
    tell("a");
    const before = changes;
    await clock.advance(199);
    expect(changes).toBe(before);
    await clock.advance(1);
    expect(changes).toBe(before + 1);
    const next = looked();
    await clock.advance(10_000);
    expect(await next).toBe(10_000);
    await clock.advance(200);
  }
  const next = looked();
  await clock.advance(10_000);
  expect(await next).toBe(10_000);
});

test("a file system that reports nothing is looked at each second, once that has shown", async () => {
  writeFileSync(join(folder, "a"), "1");
  begin(byHand().reports);
  expect(await looked()).toBe(10_000);
  writeFileSync(join(folder, "a"), "22");
  let next = looked();
  await clock.advance(10_000);
  await next;
  await clock.advance(200);
  expect(changes).toBe(1);
  next = looked();
  await clock.advance(10_000);
  expect(await next).toBe(1_000);
  writeFileSync(join(folder, "a"), "333");
  next = looked();
  await clock.advance(1_000);
  await next;
  await clock.advance(200);
  expect(changes).toBe(2);
});

test("where folders cannot be watched, looks are a second apart", async () => {
  begin(byHand(false).reports);
  expect(await looked()).toBe(1_000);
  writeFileSync(join(folder, "a"), "22");
  const next = looked();
  await clock.advance(1_000);
  await next;
  await clock.advance(200);
  expect(changes).toBe(1);
});

test.each([
  ["removed", (path: string) => rmSync(path, { recursive: true })],
  ["moved away", (path: string) => renameSync(path, `${path}.old`)],
])("a folder that is %s and made again is watched again", async (_, lose) => {
  const root = folder;
  folder = join(root, "in");
  mkdirSync(folder);
  writeFileSync(join(folder, "a"), "1");
  begin();
  await looked();
  // Looks that come each second find what is not reported yet; once all is watched again they are rare.
  const isQuiet = () =>
    eventually(async () => {
      await clock.advance(1_000);
      return looks.at(-1) === 10_000;
    });
  await isQuiet();
  const noticed = async (act: () => void) => {
    const before = changes;
    act();
    await eventually(async () => {
      await clock.advance(200);
      return changes > before;
    });
  };
  await noticed(() => lose(folder));
  await noticed(() => mkdirSync(folder));
  await isQuiet();
  await noticed(() => writeFileSync(join(folder, "a"), "2"));
  rmSync(root, { recursive: true });
});

test("a change right after the watch began is one", async () => {
  writeFileSync(join(folder, "a"), "1");
  writeFileSync(join(folder, "b"), "22");
  begin(byHand().reports);
  // In one step: the first look may come while a file that is written in place is empty, which is a change of its own.
  renameSync(join(folder, "b"), join(folder, "a"));
  await looked();
  const next = looked();
  await clock.advance(10_000);
  await next;
  await clock.advance(200);
  expect(changes).toBe(1);
});
