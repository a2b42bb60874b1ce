// What cannot be read is told once.

import { expect, test } from "vitest";
import { createOnceLogger } from "../../src/files/log-once.ts";

function telling() {
  const lines: string[] = [];
  const log = { info: () => {}, warn: (line: string) => lines.push(line), error: () => {} };
  return { lines, told: createOnceLogger("app", log, (path) => path.slice(1)) };
}

test("a reason is told once for each file, and again after the file could be read in between", () => {
  const { lines, told } = telling();
  const refused = new Map([["/a", "is a pipe"]]);
  for (const one of [refused, refused, new Map<string, string>(), refused]) told.update(one);
  expect(lines).toEqual(Array(2).fill("source app: a is a pipe; it is tried again (logged once)"));
});

test("of very many files with one reason the first is named, and how many more there are", () => {
  const { lines, told } = telling();
  told.update(new Map([...Array(2_000).keys()].map((n) => [`/${n}`, "is one too many"])));
  expect(lines).toEqual([
    "source app: 0 is one too many; it is tried again (logged once)",
    "source app: the same of 1999 more files (logged once)",
  ]);
});
