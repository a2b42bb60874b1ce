// Which files fit, and which are never touched.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileGlob, parsePattern, patternIssues, readReaches } from "../../src/files/pattern.ts";
import { createSearch } from "../../src/files/search.ts";
import { compileGlob } from "../../src/filters/glob.ts";
import { isWithin } from "../../src/within.ts";
import { temporaryFolders } from "./folder.ts";

const newFolder = temporaryFolders();

function write(folder: string, ...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), name);
  }
}

function searchOf(folder: string, written: readonly string[], maxFiles = 100) {
  const patterns = written.map((one) => parsePattern(one, { folder, home: join(folder, "home") }));
  const matches = patterns.map((pattern) => fileGlob(pattern, compileGlob(pattern.written)));
  return createSearch({ folder, patterns, matches, maxFiles });
}

async function found(folder: string, ...written: string[]): Promise<string[]> {
  const { files } = await searchOf(folder, written).look();
  return [...files.values()].map(({ shown }) => shown).sort();
}

describe("a pattern", () => {
  it.each([
    ["*.log", ["a.log", "b.log"]],
    ["./*.log", ["a.log", "b.log"]],
    ["logs/*", ["logs/c.log"]],
    ["logs/**", ["logs/c.log", "logs/deep/d.log", "logs/deep/deeper/e.log"]],
    ["**/*.log", ["a.log", "b.log", "logs/c.log", "logs/deep/d.log", "logs/deep/deeper/e.log"]],
    ["logs/**/deeper/*.log", ["logs/deep/deeper/e.log"]],
    ["logs/*/d.log", ["logs/deep/d.log"]],
    ["{a,b}.log", ["a.log", "b.log"]],
    ["[a]?log", ["a.log"]],
    ["a.log", ["a.log"]],
    ["~/x.log", ["home/x.log"]],
    [".*.log", [".hidden.log"]],
    ["{a,.hidden}.log", [".hidden.log", "a.log"]],
    ["missing/*.log", []],
    ["node_modules/*.log", ["node_modules/m.log"]],
  ])("%s", async (pattern, expected) => {
    const folder = newFolder();
    write(folder, "a.log", "b.log", "logs/c.log", "logs/deep/d.log", "logs/deep/deeper/e.log");
    write(folder, ".hidden.log", "node_modules/m.log");
    if (pattern.startsWith("~")) write(folder, "home/x.log");
    expect(await found(folder, pattern)).toEqual(expected);
  });

  it("of braces that name a secret file is that of a secret file", () => {
    const origin = { folder: "/project", home: "/home/person" };
    for (const pattern of ["{a,.env}", "{a,b,.env.local}", "x/{a,.env}", "{.env,a}", "{a,{b,.env}}"])
      expect(readReaches([pattern], origin), pattern).toMatchObject([{ outside: true }]);
  });

  it("says whether it leads out of the config's folder", () => {
    const origin = { folder: "/project", home: "/home/person" };
    const reach = (patterns: string[]) => readReaches(patterns, origin);
    const inside = reach(["logs/*.log", "../project/x", "/project/y/*"]);
    expect(inside.map((one) => "outside" in one && one.outside)).toEqual([false, false, false]);
    expect(reach(["/var/log/*.log", "~/a.log", "../other/{a,b}"])).toEqual([
      { to: "read", path: "/var/log/*.log", outside: true },
      { to: "read", path: "/home/person/a.log", outside: true },
      { to: "read", path: "/other/{a,b}", outside: true },
    ]);
  });

  it.each([
    ["", "empty"],
    ["logs/", "folder"],
    ["*/../x", "wildcard"],
  ])("is refused: %s", (pattern, reason) => {
    expect(patternIssues([pattern], "files")).toMatchObject([
      { path: ["files", 0], message: expect.stringContaining(reason) },
    ]);
  });

  it("knows what lies within a folder", () => {
    expect(isWithin("/a/b", "/a")).toBe(true);
    expect(isWithin("/a", "/a")).toBe(true);
    expect(isWithin("/ab", "/a")).toBe(false);
    expect(isWithin("/a/..b", "/a")).toBe(true);
    expect(isWithin("/", "/a")).toBe(false);
  });
});

describe("a link", () => {
  it("is followed within the config's folder", async () => {
    const folder = newFolder();
    write(folder, "releases/1/app.log");
    symlinkSync("releases/1", join(folder, "current"));
    expect(await found(folder, "current/*.log")).toEqual(["current/app.log"]);
    expect(await found(folder, "cur*/*.log")).toEqual(["current/app.log"]);
  });

  it("out of it is refused, however it is reached, until it leads back in", async () => {
    const folder = newFolder();
    const outside = newFolder();
    write(outside, "secret.log");
    symlinkSync(join(outside, "secret.log"), join(folder, "direct.log"));
    symlinkSync(outside, join(folder, "linked"));
    const search = searchOf(folder, ["*.log", "linked/secret.log", "l*/*.log"]);
    const { files, refused } = await search.look();
    expect([...files.keys()]).toEqual([]);
    expect([...refused.keys()].sort()).toEqual([
      join(folder, "direct.log"),
      join(folder, "linked/secret.log"),
    ]);
    expect([...refused.values()][0]).toContain("outside of the folders that this source may read");
  });

  it("to a folder outside is not entered, and said", async () => {
    const folder = newFolder();
    const outside = newFolder();
    write(outside, "x.log");
    write(folder, "a.log");
    symlinkSync(outside, join(folder, "linked"));
    const { files, refused, elsewhere } = await searchOf(folder, ["**/*.log"]).look();
    expect([files.size, refused.size]).toEqual([1, 0]);
    expect(elsewhere.get(join(folder, "linked"))).toContain(
      "outside of the folders that this source may read",
    );
    expect((await searchOf(folder, ["*.log"]).look()).elsewhere.size).toBe(0);
  });

  it("that is set to lead out while its file was fine before is refused too", async () => {
    const folder = newFolder();
    const outside = newFolder();
    write(folder, "in.log");
    write(outside, "out.log");
    symlinkSync(join(folder, "in.log"), join(folder, "app"));
    const search = searchOf(folder, ["app"]);
    expect((await search.look()).files.size).toBe(1);
    symlinkSync(join(outside, "out.log"), join(folder, "other"));
    renameSync(join(folder, "other"), join(folder, "app"));
    const { files, refused } = await search.look();
    expect([files.size, refused.size]).toEqual([0, 1]);
  });

  it("to the base of a pattern outside is followed, for a person agreed to that", async () => {
    const folder = newFolder();
    const outside = newFolder();
    write(outside, "real/x.log");
    symlinkSync(join(outside, "real"), join(outside, "base"));
    expect(await found(folder, `${outside}/base/*.log`)).toEqual([join(outside, "base/x.log")]);
  });

  it("that leads round in a circle ends", async () => {
    const folder = newFolder();
    write(folder, "a/x.log");
    symlinkSync("..", join(folder, "a/up"));
    symlinkSync("self", join(folder, "self"));
    expect(await found(folder, "**/*.log")).toEqual(["a/x.log"]);
    expect((await searchOf(folder, ["self"]).look()).refused.get(join(folder, "self"))).toContain("itself");
  });
});

describe("what is refused", () => {
  it("is a pipe", async () => {
    const folder = newFolder();
    execFileSync("mkfifo", [join(folder, "pipe.log")]);
    const { files, refused } = await searchOf(folder, ["*.log"]).look();
    expect([files.size, refused.get(join(folder, "pipe.log"))]).toEqual([0, "is a pipe, not a file"]);
  });

  it("is a device", async () => {
    const { refused } = await searchOf("/", ["dev/null"]).look();
    expect(refused.get("/dev/null")).toBe("is a device, not a file");
  });

  it("is one file too many: those written to last are taken", async () => {
    const folder = newFolder();
    write(folder, "a", "b", "c");
    for (const [name, time] of [
      ["a", 2],
      ["b", 1],
      ["c", 3],
    ] as const)
      utimesSync(join(folder, name), time, time);
    const { files, refused, beyond } = await searchOf(folder, ["*"], 2).look();
    expect([...files.keys()]).toEqual([join(folder, "a"), join(folder, "c")]);
    expect([[...refused.keys()], beyond.map(({ path }) => path)]).toEqual(Array(2).fill([join(folder, "b")]));
  });

  it.skipIf(process.getuid?.() === 0)("is a folder that may not be read (root may read all)", async () => {
    const folder = newFolder();
    write(folder, "locked/a.log");
    chmodSync(join(folder, "locked"), 0);
    const { refused } = await searchOf(folder, ["locked/*.log"]).look();
    chmodSync(join(folder, "locked"), 0o700);
    expect(refused.get(join(folder, "locked"))).toContain("permission denied");
  });
});

it("finds a renamed file in its folder by its inode, and only where its old name fitted", async () => {
  const folder = newFolder();
  write(folder, "app.log");
  const search = searchOf(folder, ["app.log"]);
  const before = (await search.look()).files.get(join(folder, "app.log"));
  renameSync(join(folder, "app.log"), join(folder, "app.log.1"));
  expect(await search.renamed(join(folder, "app.log"), before?.id ?? "")).toMatchObject({
    real: join(folder, "app.log.1"),
    shown: "app.log",
  });
  expect(await search.renamed(join(folder, "other.log"), before?.id ?? "")).toBeUndefined();
});
