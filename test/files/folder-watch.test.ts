// What is reported of folders: to whom, by which name, and that it goes on when a folder is replaced.

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { createWatcher, isShared } from "../../src/files/folder-reports.ts";
import { type FolderWatch, watchFolders } from "../../src/files/folder-watch.ts";
import { temporaryFolders } from "./folder.ts";

const newFolder = temporaryFolders();
const open: FolderWatch[] = [];
afterEach(() => {
  for (const watch of open.splice(0)) watch.close();
});

function watching() {
  const told: string[] = [];
  const watch = watchFolders((folder, name) => told.push(join(folder, name ?? "")));
  open.push(watch);
  return { watch, told };
}

async function settled(...watches: FolderWatch[]): Promise<void> {
  await vi.waitFor(() => expect(watches.every((watch) => watch.isWhole())).toBe(true), 5_000);
}

test("a file that is written is told by folder and name, to all that watch the folder", async () => {
  const folder = newFolder();
  const [one, other] = [watching(), watching()];
  one.watch.watch([folder]);
  other.watch.watch([folder]);
  await settled(one.watch, other.watch);
  writeFileSync(join(folder, "a.log"), "a");
  await vi.waitFor(() => expect([one.told[0], other.told[0]]).toEqual(Array(2).fill(join(folder, "a.log"))));
});

test("who closes is told no more, and the others are", async () => {
  const folder = newFolder();
  const [one, other] = [watching(), watching()];
  one.watch.watch([folder]);
  other.watch.watch([folder]);
  await settled(one.watch, other.watch);
  one.watch.close();
  writeFileSync(join(folder, "a.log"), "a");
  await vi.waitFor(() => expect(other.told).not.toEqual([]));
  expect(one.told).toEqual([]);
  expect(one.watch.isWhole()).toBe(false);
});

test.each([
  ["removed and made anew", (folder: string) => rmSync(folder, { recursive: true })],
  ["renamed away and made anew", (folder: string) => renameSync(folder, `${folder}-old`)],
])("a folder that is %s is told of again", async (_, away) => {
  const folder = join(newFolder(), "logs");
  mkdirSync(folder);
  const { watch, told } = watching();
  watch.watch([folder]);
  await settled(watch);
  away(folder);
  mkdirSync(folder);
  await vi.waitFor(
    () => {
      watch.watch([folder]);
      told.length = 0;
      writeFileSync(join(folder, "a.log"), "a");
      return vi.waitFor(() => expect(told).toContain(join(folder, "a.log")), { timeout: 100, interval: 5 });
    },
    { timeout: 10_000, interval: 50 },
  );
});

test("a folder that is not there is watched once it is", async () => {
  const folder = join(newFolder(), "logs");
  const { watch } = watching();
  watch.watch([folder]);
  expect(watch.isWhole()).toBe(false);
  mkdirSync(folder);
  await vi.waitFor(
    () => {
      watch.watch([folder]);
      expect(watch.isWhole()).toBe(true);
    },
    { timeout: 5_000 },
  );
});

test("more folders than are watched are not all watched", async () => {
  const root = newFolder();
  const folders = Array.from({ length: 65 }, (_, index) => join(root, String(index)));
  for (const folder of folders) mkdirSync(folder);
  const { watch } = watching();
  watch.watch(folders.slice(1));
  await settled(watch);
  watch.watch(folders);
  expect(watch.isWhole()).toBe(false);
});

test.runIf(process.platform === "linux")(
  "a file system on which others write too is not taken for reported",
  () => {
    const [nfs, smb2, fuse, ext4, overlay] = [0x6969, -28_095_166, 0x65735546, 0xef53, 0x794c7630];
    expect([nfs, smb2, fuse].map(isShared)).toEqual([true, true, true]);
    expect([ext4, overlay].map(isShared)).toEqual([false, false]);
  },
);

test("the library reads no folder", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "there.log"), "a");
  const watcher = await createWatcher();
  const added: string[] = [];
  watcher.on("add", (path) => added.push(path));
  const told = new Promise((resolve) => watcher.once("raw", resolve));
  const ready = new Promise((resolve) => watcher.once("addDir", resolve));
  watcher.add(folder);
  await ready;
  await vi.waitFor(() => {
    writeFileSync(join(folder, "new.log"), "a");
    return Promise.race([told, Promise.reject(new Error("not told yet"))]);
  });
  expect([added, watcher.getWatched()[folder]]).toEqual([[], []]);
  await watcher.close();
});
