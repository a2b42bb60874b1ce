// docs/templates.md is held to what it says: every row of its tables is rendered.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { allFunctions, createTemplateCompiler } from "../../src/templates/compile.ts";
import { roots } from "../../src/templates/dialect.ts";
import { viewWith } from "./sample-view.ts";

const page = readFileSync(new URL("../../docs/templates.md", import.meta.url), "utf8");
const data = JSON.parse(/```json\n([\s\S]*?)\n```/.exec(page)?.[1] ?? "");
const rows = Array.from(page.matchAll(/^\| `([^`]+)`[^|]*\|(.*)\|$/gm), ([, template = "", gives = ""]) => ({
  template,
  gives: inside(gives.trim()),
}));

/** The text of a Markdown code span: one space at each end belongs to the span when there are two or more ticks. */
function inside(cell: string): string {
  const span = /^(`*)([\s\S]*)\1$/.exec(cell);
  const ticks = span?.[1] ?? "";
  const text = span?.[2] ?? "";
  return (ticks.length > 1 ? text.slice(1, -1) : text).replaceAll("⏎", "\n");
}

const compiler = createTemplateCompiler({ now: () => Date.parse("2026-11-23T14:05:00Z") });
await compiler.prepare(rows.map(({ template }) => template));

describe("the tables of docs/templates.md", () => {
  test.each(rows)("$template gives what the page says", ({ template, gives }) => {
    expect(compiler.compile(template).render(viewWith(data))).toBe(gives);
  });

  test("have a row for every function", () => {
    const shown = rows.map(({ template }) => template).join("\n");
    const missing = Object.keys(allFunctions(() => 0)).filter(
      (name) => !new RegExp(`[({]${name} `).test(shown),
    );
    expect(missing).toEqual([]);
    expect(rows.length).toBeGreaterThan(55);
  });

  test("name every root", () => {
    expect(page).toContain(`\`${[...roots].join(" ")}\``);
  });
});
