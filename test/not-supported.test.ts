// What other languages have and is not taken on purpose: each of it is refused by the reader that it would be written for, with what to
// write in its place, and docs/not-supported.md is the same list.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadCel } from "../src/filters/cel/cel.ts";
import { loadRegex } from "../src/filters/regex.ts";
import { expressionProblem, scheduleIssues } from "../src/intake/schedule.ts";
import { type NotSupported, notInCel, notInCron, notInSchema } from "../src/not-supported.ts";
import { createSchemaCompiler } from "../src/plan/compile/input-schema.ts";
import { createTemplateCompiler } from "../src/templates/compile.ts";

const page = readFileSync(new URL("../docs/not-supported.md", import.meta.url), "utf8");
const rows = (table: readonly NotSupported[]) =>
  table.flatMap(({ names, instead, why }) => names.map((name) => ({ name, instead, why })));
const cell = (text: string) => text.replaceAll("|", "\\|");
const line = ({ names, instead, why }: NotSupported) =>
  `| ${names.map((name) => `\`${cell(name)}\``).join(", ")} | ${cell(instead)} | ${cell(why)} |`;

test.each([
  ["Cron expressions", notInCron],
  ["CEL", notInCel],
  ["JSON Schema in `input`", notInSchema],
])("docs/not-supported.md lists what is not taken of %s", (title, table) => {
  const from = page.indexOf(`## ${title}\n`);
  expect(from).toBeGreaterThan(0);
  const section = page.slice(from, page.indexOf("\n## ", from + 3));
  const listed = section.split("\n").filter((one) => one.startsWith("| `"));
  expect(listed).toEqual(table.map(line));
});

test.each(rows(notInCron))("cron: $name", ({ name, instead }) => {
  const problem = expressionProblem(name);
  expect(problem?.message).toContain("not supported here");
  expect(problem?.hint).toBe(instead);
  // An expression that the hint quotes is taken.
  for (const [, quoted] of instead.matchAll(/"([*\d][^"]*)"/g))
    expect(scheduleIssues("at", quoted as string, undefined)).toEqual([]);
});

test.each(["Monday", "mon", "FRI", "Tuesday-Thursday", "5#2", "fri#1", "5L", "1,3"])(
  "cron: the weekday %s is taken",
  (day) => expect(expressionProblem(`0 9 * * ${day}`)).toBeUndefined(),
);

test.each([
  "0/15 * * * *",
  "5/10 * * * *",
  "0 0 L * *",
  "0 0 15W * *",
  "0 0 LW * *",
  "0 9 ? * MON",
  "0 9 1 January *",
  "0 0 9 * * 1-5",
])("cron: %s is taken", (at) => expect(expressionProblem(at)).toBeUndefined());

test.each([
  ["0 22-2 * * *", "22-23,0-2"],
  ["0 9 * * fri-mon", "5-6,0-1"],
  ["50-10 * * * *", "50-59,0-10"],
])("cron: %s is answered with a range that is taken", (at, right) => {
  expect(expressionProblem(at)?.hint).toBe(`write ${right}`);
  const parts = at.split(" ").map((part) => (part.includes("-") ? right : part));
  expect(expressionProblem(parts.join(" "))).toBeUndefined();
});

describe("CEL", async () => {
  const cel = await loadCel(await loadRegex());
  test.each(rows(notInCel))("$name", ({ name, instead }) => {
    // As a function, as a method, and as the namespace of an extension.
    for (const text of [`${name}(data.x) == 1`, `data.x.${name}() == 1`, `${name}.of(data.x) == 1`]) {
      let error: unknown;
      try {
        cel.compile(text, { purpose: "condition" });
      } catch (thrown) {
        error = thrown;
      }
      expect(error, text).toMatchObject({
        code: "E_CONFIG_CEL",
        message: expect.stringContaining("not supported here"),
        hint: instead,
      });
    }
  });

  test("a field may have any of these names", () => {
    for (const { name } of rows(notInCel))
      expect(cel.compile(`data.${name} == 1`, { purpose: "condition" }).text).toContain(name);
  });
});

test("JSON Schema", async () => {
  const compiler = createSchemaCompiler(await loadRegex());
  for (const { name, instead } of rows(notInSchema)) {
    const issues: Parameters<typeof compiler.compile>[2] = [];
    compiler.compile({ type: "object", properties: { a: { [name]: {} } } }, ["sinks", "s", "input"], issues);
    expect(issues[0], name).toMatchObject({
      message: `"${name}" of JSON Schema is not supported here`,
      hint: instead,
    });
  }
});

describe("templates", () => {
  const compiler = createTemplateCompiler();
  const from = page.indexOf("## Templates\n");
  const samples = [...page.slice(from).matchAll(/^\| `(\{\{.*?)` \| (.+?) \|/gm)].map(
    ([, text]) => text as string,
  );
  test("there are some", () => expect(samples.length).toBeGreaterThan(3));
  test.each(samples)("%s is refused", async (sample) => {
    const text = sample.replaceAll("\\|", "|");
    await compiler.prepare([text]);
    expect(() => compiler.compile(text)).toThrow();
  });
});
