// The key that binds consent: made once, private, the same for every process, and never made by what only looks.

import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTrustKey } from "../../../src/daemon/trust/trust-key.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp("/tmp/cr-key-");
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const open = (make = true, place = "router") =>
  openTrustKey({ file: join(folder, place, "trust.key"), make });

test("a key that was made is private, and binds the same in every process", async () => {
  const made = await Promise.all(Array.from({ length: 20 }, () => open()));
  const later = await open(false);
  expect(new Set([...made, later].map((bind) => bind("a power"))).size).toBe(1);
  expect(later("a power")).not.toBe(later("another power"));
  expect((await stat(join(folder, "router", "trust.key"))).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, "router"))).toEqual(["trust.key"]);
});

test("a command that only looks makes no key, and what it binds is trusted nowhere", async () => {
  const [one, other] = [await open(false), await open(false)];
  expect(one("a power")).not.toBe(other("a power"));
  await expect(readdir(folder)).resolves.toEqual([]);
});

test("another state root binds otherwise, and a damaged key is replaced", async () => {
  const bind = await open();
  expect((await open(true, "other"))("a power")).not.toBe(bind("a power"));
  const file = join(folder, "router", "trust.key");
  const key = await readFile(file, "utf8");
  await writeFile(file, key.slice(0, 20));
  const [next, same] = [await open(), await open()];
  expect(next("a power")).not.toBe(bind("a power"));
  expect(same("a power")).toBe(next("a power"));
});

test.runIf(process.platform !== "win32").each([0o644, 0o660, 0o606])(
  "a key that others may read is replaced: mode %o",
  async (mode) => {
    const bind = await open();
    const file = join(folder, "router", "trust.key");
    await chmod(file, mode);
    expect((await open(false))("a power")).not.toBe(bind("a power"));
    await open();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await open())("a power")).not.toBe(bind("a power"));
  },
);
