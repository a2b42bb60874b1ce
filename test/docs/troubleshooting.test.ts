// Each symptom that docs/troubleshooting.md lists has a check of `doctor`, and each check has a symptom.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkNames } from "../../src/cli/doctor/check.ts";

const rows = readFileSync(new URL("../../docs/troubleshooting.md", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("|") && !/^\|[-|\s]+$/.test(line))
  .map((line) => line.slice(1, -1).split(/(?<!\\)\|/))
  .filter((cells) => cells.at(-1)?.trim() !== "check");
const checksOf = (cells: readonly string[]) =>
  [...(cells.at(-1) ?? "").matchAll(/`([^`]+)`/g)].map(([, id]) => id);

test("there is a check for each symptom", () => {
  expect(rows.length).toBeGreaterThan(15);
  expect(rows.filter((cells) => checksOf(cells).length === 0)).toEqual([]);
});

test("a named check exists, and each check has a symptom", () => {
  const named = new Set(rows.flatMap(checksOf));
  expect([...named].sort()).toEqual([...checkNames].sort());
});
