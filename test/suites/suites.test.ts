// Suites of cases in the manner of public ones, each with a score in scores.json that must not fall: `npm run suites` prints them. What is
// known to differ counts as a case that is not right. SUITES_FOLDER names a folder with checkouts of the public suites themselves.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readable } from "../../src/chat/markdown.ts";
import { createEventStream } from "../../src/connectors/sse/event-stream.ts";
import type { Json, JsonObject, View } from "../../src/contract.ts";
import { readDate } from "../../src/dates.ts";
import { loadCel } from "../../src/filters/cel/cel.ts";
import { compileGlob } from "../../src/filters/glob.ts";
import { loadRegex } from "../../src/filters/regex.ts";
import { createSchedule, expressionProblem } from "../../src/intake/schedule.ts";
import { readJson } from "../../src/json.ts";
import { createSchemaCompiler } from "../../src/plan/compile/input-schema.ts";

/** Is this case right? A throw counts as wrong. */
type Check = (...given: never[]) => boolean;

const regex = await loadRegex();
const cel = await loadCel(regex);
const schemas = createSchemaCompiler(regex);

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

function accepts(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

const celData: Json = { n: 5, s: "text", l: [1, 2, 3], m: { a: 1 } };
const view = {
  data: celData,
  text: "",
  id: "e",
  source: "s",
  connector: "c",
  time: "2026-01-05T10:00:00Z",
  inputs: {},
  vars: {},
} as View;

const checks: Readonly<Record<string, Check>> = {
  json: (text: string, isTaken: boolean) => accepts(() => readJson(text)) === isTaken,
  globs: (pattern: string, text: string, fits: boolean) => compileGlob(pattern)(text) === fits,
  cron(at: string, tz: string, after: string, next: string | null) {
    if (expressionProblem(at) !== undefined) return next === null;
    const timeMs = createSchedule(at, tz, "none").nextMs(Date.parse(after));
    return next !== null && timeMs === Date.parse(next);
  },
  cel(text: string, value: Json) {
    let result: Json | undefined;
    const isGood = accepts(() => {
      result = cel.compile(text, { purpose: "value" }).evaluate(view);
    });
    // Null is what an error is in the list, and `null == null` has a value.
    return value === null ? !isGood : same(result, value);
  },
  schema(schema: JsonObject, value: Json, fits: boolean) {
    const issues: Parameters<typeof schemas.compile>[2] = [];
    const validate = schemas.compile({ type: "object", properties: { value: schema } }, [], issues);
    return issues.length === 0 && validate({ value: structuredClone(value) }) === fits;
  },
  eventsource(text: string, events: Json) {
    const stream = createEventStream(10_000);
    const found = [...stream.read(new TextEncoder().encode(text))];
    return same(
      found.map(({ name, data, id }) => [name, data, id]),
      events,
    );
  },
  markdown: (text: string, words: string) => readable(text).replaceAll(/\s+/g, " ").trim() === words,
  dates(text: string, time: string | null) {
    const timeMs = readDate(text);
    return time === null ? timeMs === undefined : timeMs === Date.parse(time);
  },
};

interface Score {
  readonly right: number;
  readonly of: number;
}

const folder = new URL("data/", import.meta.url);
const scoresFile = new URL("scores.json", import.meta.url);

function score(check: Check, cases: readonly (readonly unknown[])[]): Score & { readonly wrong: string[] } {
  const wrong = cases.filter((given) => {
    let isRight = false;
    accepts(() => {
      isRight = check(...(given as never[]));
    });
    return !isRight;
  });
  return {
    right: cases.length - wrong.length,
    of: cases.length,
    wrong: wrong.map((one) => JSON.stringify(one)),
  };
}

/** Of checkouts: nst/JSONTestSuite. Its cases that may go either way are left out. */
function checkouts(): Record<string, ReturnType<typeof score>> {
  const root = process.env.SUITES_FOLDER;
  if (root === undefined) return {};
  const parsing = join(root, "JSONTestSuite/test_parsing");
  if (!existsSync(parsing)) return {};
  const cases = readdirSync(parsing)
    .filter((file) => /^[yn]_/.test(file))
    .map((file) => {
      const bytes = readFileSync(join(parsing, file));
      return [new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), file.startsWith("y_")];
    });
  return { JSONTestSuite: score(checks.json as Check, cases) };
}

test("no score of a suite falls", () => {
  const kept = JSON.parse(readFileSync(scoresFile, "utf8")) as Record<string, Score>;
  const found: Record<string, ReturnType<typeof score>> = checkouts();
  for (const [name, check] of Object.entries(checks)) {
    const { cases } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")) as {
      cases: unknown[][];
    };
    found[name] = score(check, cases);
  }
  if (process.env.SUITES === "print")
    for (const [name, { right, of, wrong }] of Object.entries(found)) {
      process.stdout.write(
        `${name.padEnd(14)} ${right} of ${of}${kept[name] === undefined ? ", new" : ""}\n`,
      );
      for (const one of wrong) process.stdout.write(`  wrong: ${one}\n`);
    }
  if (process.env.SUITES_WRITE !== undefined) {
    const scores = Object.entries({ ...kept, ...found }).map(([name, { right, of }]) => [
      name,
      { right, of },
    ]);
    writeFileSync(scoresFile, `${JSON.stringify(Object.fromEntries(scores), null, 2)}\n`);
    return;
  }
  for (const [name, { right, of, wrong }] of Object.entries(found)) {
    const before = kept[name] ?? { right: of, of };
    expect(right, `${name}: ${wrong.join("\n")}`).toBeGreaterThanOrEqual(before.right);
    expect(of, `${name} has fewer cases than before`).toBeGreaterThanOrEqual(before.of);
  }
});
