// What a command says is done must survive a power cut: the file's bytes and its name.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Disk, realDisk } from "../../src/files/disk.ts";
import { appendStateLine, writeStateFile } from "../../src/files/state-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cr-state-file-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The real disk, which also says what it would hold after a power cut: synced bytes under names whose folder was synced. */
function powerCutDisk() {
  const synced = new Map<string, string>();
  const durable = new Map<string, string>();
  const folders = new Set<string>();
  let isFailing = false;
  const disk: Disk = {
    ...realDisk,
    async create(path) {
      const file = await realDisk.create(path);
      return {
        ...file,
        async sync() {
          await file.sync();
          synced.set(path, readFileSync(path, "utf8"));
        },
      };
    },
    async rename(from, to) {
      await realDisk.rename(from, to);
      const bytes = synced.get(from);
      if (bytes !== undefined) synced.set(to, bytes);
    },
    async syncFolder(path) {
      if (isFailing) throw Object.assign(new Error("EIO: made to fail"), { code: "EIO" });
      await realDisk.syncFolder(path);
      folders.add(path);
      for (const [file, bytes] of synced) if (dirname(file) === path) durable.set(file, bytes);
    },
  };
  return {
    disk,
    durable,
    folders,
    fail() {
      isFailing = true;
    },
  };
}

test("a state file survives a power cut as soon as the write settles", async () => {
  const { disk, durable } = powerCutDisk();
  const path = join(folder, "access.json");
  await writeStateFile(path, "person 5", disk);
  expect(durable.get(path)).toBe("person 5");
  await writeStateFile(path, "nobody", disk);
  expect(durable.get(path)).toBe("nobody");
  expect(readFileSync(path, "utf8")).toBe("nobody");
  expect(readdirSync(folder)).toEqual(["access.json"]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("new folders are on the disk too, up to the first that was there", async () => {
  const { disk, durable, folders } = powerCutDisk();
  const path = join(folder, "channels", "router", ".env");
  await writeStateFile(path, "A='1'", disk);
  expect(durable.get(path)).toBe("A='1'");
  for (const parent of [folder, join(folder, "channels"), join(folder, "channels", "router")])
    expect(folders).toContain(parent);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
});

test("a folder that cannot be synced is an error, not a success", async () => {
  const { disk, fail } = powerCutDisk();
  fail();
  await expect(writeStateFile(join(folder, "access.json"), "nobody", disk)).rejects.toThrow("EIO");
});

test("an appended line syncs the folder only when the file is new", async () => {
  const { disk, folders } = powerCutDisk();
  const path = join(folder, "permissions.jsonl");
  await appendStateLine(path, "one", disk);
  expect(folders).toContain(folder);
  folders.clear();
  await appendStateLine(path, "two", disk);
  expect(folders).toEqual(new Set());
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

/** Each writes something that no command reports as done, or syncs by itself. */
const writers: Readonly<Record<string, string>> = {
  "access/store.ts": "sets a damaged file aside",
  "chat/inbox.ts": "files that people sent; they can be fetched again",
  "testing/snapshots.ts": "snapshots beside the config, for version control",
  "cli/commands/add.ts": "libraries that can be installed again",
  "cli/init/files.ts": "the user's own files",
  "cli/init/edit-lock.ts": "an empty file that means something only while its process runs",
  "recipes/copies.ts": "copies and their lock beside the config, for version control",
  "recipes/npm-registry.ts": "a folder of its own in which npm runs, removed afterwards",
  "daemon/log-file.ts": "rotates a log",
  "connectors/file/sink/write.ts": "the user's own file; syncs it",
  "connectors/watch/move-away.ts": "the user's own files",
  "files/disk.ts": "the durable operations themselves",
  "journal/recovery.ts": "sets broken lines and snapshots aside",
  "cluster/term.ts": "after a power cut no owner is alive",
  "cluster/other-machine.ts": "a beat of a machine; it is written again soon",
  "daemon/trust/trust-key.ts": "a key that others may make at once; consent is asked again where it is lost",
};

test("nothing else in the program replaces or writes files of its own", () => {
  const source = new URL("../../src/", import.meta.url).pathname;
  const found = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => {
    if (!name.endsWith(".ts") || name === "files/state-file.ts") return false;
    const imports = [
      ...readFileSync(join(source, name), "utf8").matchAll(
        /import \{([^}]*)\} from "node:fs(?:\/promises)?"/g,
      ),
    ].map(([, names]) => names);
    return /\b(?:writeFile|appendFile|rename|copyFile|createWriteStream)(?:Sync)?\b/.test(imports.join());
  });
  expect(found.sort()).toEqual(Object.keys(writers).sort());
});

test("the half that a killed process left is removed by a later one, another's that is being written is not", async () => {
  const path = join(folder, "trust.json");
  const abandoned = `${path}.0123456789ab`;
  const others = [`${path}.ba9876543210`, `${path}.bak`, join(folder, "access.json.0123456789ab")];
  for (const file of [abandoned, ...others]) writeFileSync(file, "");
  const old = new Date(Date.now() - 120_000);
  for (const file of [abandoned, ...others.slice(1)]) utimesSync(file, old, old);
  await writeStateFile(path, "{}");
  expect(readdirSync(folder).sort()).toEqual([path, ...others].map((file) => basename(file)).sort());
});
