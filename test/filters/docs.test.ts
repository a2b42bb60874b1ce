// docs/matching.md is held to what it says: every example of its operators compiles, every operator and every root has its place.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { operators } from "../../src/filters/operators.ts";
import { roots } from "../../src/filters/roots.ts";
import { fits } from "./example.ts";

const page = readFileSync(new URL("../../docs/matching.md", import.meta.url), "utf8");
const table = page.slice(page.indexOf("| test | passes"), page.indexOf("- Several operators"));
const rows = Array.from(table.matchAll(/^\| (.+?) \| .*\| `(.+)` \|$/gm), ([, name = "", example = ""]) => ({
  name,
  example: parse(example) as Record<string, unknown>,
}));

describe("the operators of docs/matching.md", () => {
  test.each(rows)("$name: the example is a pattern", ({ example }) => {
    expect(() => fits(example as never, {})).not.toThrow();
  });

  test("have a row for each", () => {
    const names = rows.map(({ name }) => name).join(" ");
    expect(Object.keys(operators).filter((name) => !new RegExp(`\`${name}\\b`).test(names))).toEqual([]);
    expect(rows.length).toBeGreaterThan(11);
  });

  test("name every root", () => {
    expect(page.replaceAll("\n", " ")).toContain(`\`${roots.join(" ")}\``);
  });
});
