// Credentials beside a config are not read because somebody agreed to use it: a pattern that names them asks, and neither a wildcard nor
// a link reaches them.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileGlob, parsePattern, readReaches } from "../../src/files/pattern.ts";
import { createSearch } from "../../src/files/search.ts";
import { compileGlob } from "../../src/filters/glob.ts";

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "cr-secret-files-")));
  for (const name of [
    ".env",
    ".netrc",
    "keys/id_rsa",
    "keys/a.log",
    "keys/server.pem",
    "app.log",
    ".aws/credentials",
  ]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), name);
  }
  symlinkSync(".env", join(folder, "linked.log"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function look(...written: string[]) {
  const origin = { folder, home: "/home/person" };
  const patterns = written.map((one) => parsePattern(one, origin));
  const matches = patterns.map((pattern, index) =>
    fileGlob(pattern, compileGlob(written[index] as string) as (text: string) => boolean),
  );
  const { files, refused } = await createSearch({ folder, patterns, matches, maxFiles: 100 }).look();
  const names = (paths: Iterable<string>) => [...paths].map((path) => path.slice(folder.length + 1)).sort();
  return { read: names(files.keys()), refused: names(refused.keys()) };
}

test.each([".env", "./.netrc", "keys/id_rsa", "keys/*.pem", ".aws/*", "**/.env"])("%s asks", (written) => {
  expect(readReaches(written, { folder, home: "/home/person" })).toMatchObject([
    { to: "read", outside: true },
  ]);
});

test.each(["app.log", "keys/*", "**/*.log", "*"])("%s does not", (written) => {
  expect(readReaches(written, { folder, home: "/home/person" })).toMatchObject([{ outside: false }]);
});

test("a wildcard and a link do not reach them", async () => {
  expect(await look("keys/*")).toEqual({ read: ["keys/a.log"], refused: ["keys/id_rsa", "keys/server.pem"] });
  expect(await look("*.log")).toEqual({ read: ["app.log"], refused: ["linked.log"] });
  expect(await look("linked.log")).toEqual({ read: [], refused: ["linked.log"] });
});

test("what names them reads them, once somebody agreed", async () => {
  expect((await look(".env")).read).toEqual([".env"]);
  expect((await look(".aws/*")).read).toEqual([".aws/credentials"]);
});
