// Moving a file that others may touch at any moment.

import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { moveAway } from "../../../src/connectors/watch/move-away.ts";
import { parsePattern } from "../../../src/files/pattern.ts";
import { createSearch, type FoundFile } from "../../../src/files/search.ts";
import { temporaryFolders } from "../../files/folder.ts";

const newFolder = temporaryFolders();

async function dropped(text = "do a") {
  const folder = newFolder();
  mkdirSync(join(folder, "drop"));
  const path = join(folder, "drop/a.txt");
  writeFileSync(path, text);
  utimesSync(path, 1_000, 1_000);
  const pattern = parsePattern("drop/*", { folder, home: folder });
  const search = createSearch({ folder, patterns: [pattern], matches: [() => true], maxFiles: 10 });
  const found = (await search.look()).files.get(path) as FoundFile;
  return { folder, path, found, done: join(folder, "done") };
}

describe("stays where it is", () => {
  it.each<[string, (path: string, folder: string) => void]>([
    ["a file that was written to since", (path) => appendFileSync(path, ", and b")],
    [
      "a file that took its place",
      (path) => {
        writeFileSync(`${path}.new`, "do a");
        renameSync(`${path}.new`, path);
      },
    ],
    [
      "a link that took its place",
      (path, folder) => {
        writeFileSync(join(folder, "secret"), "do a");
        rmSync(path);
        symlinkSync(join(folder, "secret"), path);
      },
    ],
    ["a file that is gone", (path) => rmSync(path)],
  ])("%s", async (_, change) => {
    const { folder, path, found, done } = await dropped();
    change(path, folder);
    const before = readdirSync(join(folder, "drop"));
    expect(await moveAway(found, done, [folder])).toBeUndefined();
    expect([readdirSync(join(folder, "drop")), readdirSync(done)]).toEqual([before, []]);
  });
});

const memory = "/dev/shm";
const isOtherDisk = (() => {
  try {
    return statSync(memory).dev !== statSync(newFolder()).dev;
  } catch {
    return false;
  }
})();

describe.runIf(isOtherDisk)("to another disk", () => {
  const other = isOtherDisk ? mkdtempSync(join(memory, "channel-router-")) : "";
  afterAll(() => rmSync(other, { recursive: true, force: true }));

  it("it is copied with its time, and gone from where it was", async () => {
    const { folder, found } = await dropped();
    writeFileSync(join(other, "a.txt"), "another");
    expect(await moveAway(found, other, [other])).toBe(join(other, "a-1.txt"));
    expect(readFileSync(join(other, "a-1.txt"), "utf8")).toBe("do a");
    expect(statSync(join(other, "a-1.txt")).mtimeMs).toBe(1_000_000);
    expect([readdirSync(join(folder, "drop")), readdirSync(other).sort()]).toEqual([
      [],
      ["a-1.txt", "a.txt"],
    ]);
  });

  it("no link that took its place is followed", async () => {
    const { folder, path, found } = await dropped();
    writeFileSync(join(folder, "secret"), "do a");
    rmSync(path);
    symlinkSync(join(folder, "secret"), path);
    const into = join(other, "link");
    expect(await moveAway(found, into, [other])).toBeUndefined();
    expect(readdirSync(into)).toEqual([]);
  });
});
