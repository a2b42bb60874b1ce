import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openLogFile } from "../../src/daemon/log-file.ts";

let folder: string;
let path: string;
let fd: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cr-log-file-"));
  path = join(folder, "up.log");
  fd = openSync(path, "a", 0o600);
});
afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true, force: true });
});

const contents = (suffix = "") => {
  try {
    return readFileSync(`${path}${suffix}`, "utf8");
  } catch {
    return "";
  }
};

it("moves the contents to .1, .2 and so on when the file would become too large, and keeps that many", () => {
  const write = openLogFile({ path, fd, maxBytes: 10, keep: 2 });
  for (const entry of ["one 678\n", "two 678\n", "three 8\n", "four 78\n"]) write(entry);
  expect([contents(), contents(".1"), contents(".2"), contents(".3")]).toEqual([
    "four 78\n",
    "three 8\n",
    "two 678\n",
    "",
  ]);
  expect(statSync(`${path}.1`).mode & 0o777).toBe(0o600);
});

it("leaves stderr on the file: what others write to the descriptor afterwards is in it", () => {
  const write = openLogFile({ path, fd, maxBytes: 10, keep: 1 });
  write("one 678\n");
  write("two 678\n");
  writeSync(fd, "a crash\n");
  expect(contents()).toBe("two 678\na crash\n");
});

it("counts what an earlier process wrote", () => {
  writeSync(fd, "earlier 9\n");
  openLogFile({ path, fd, maxBytes: 12, keep: 1 })("later\n");
  expect([contents(".1"), contents()]).toEqual(["earlier 9\n", "later\n"]);
});

it("goes on in a file that somebody moved away, and empties no other", () => {
  const write = openLogFile({ path, fd, maxBytes: 10, keep: 1 });
  write("one 678\n");
  renameSync(path, `${path}.moved`);
  write("two 678\n");
  expect([contents(".moved"), contents(".1")]).toEqual(["one 678\ntwo 678\n", ""]);
});

it("never throws, and loses no entry while there is room, however long they are", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 30 }), { maxLength: 20 }), (entries) => {
      rmSync(`${path}.1`, { force: true });
      const file = openSync(path, "w", 0o600);
      closeSync(file);
      const write = openLogFile({ path, fd, maxBytes: 40, keep: 50 });
      for (const entry of entries) write(`${entry}\n`);
      const ages = Array.from({ length: 50 }, (_, index) => contents(`.${50 - index}`));
      expect([...ages, contents()].join("")).toBe(entries.map((entry) => `${entry}\n`).join(""));
      for (let age = 1; age <= 50; age++) rmSync(`${path}.${age}`, { force: true });
    }),
    { numRuns: 30 },
  );
});
