import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Json } from "../../src/contract.ts";
import { allFunctions, createTemplateCompiler } from "../../src/templates/compile.ts";
import { yamlText } from "../../src/templates/functions/yaml-text.ts";
import { runs } from "../support/runs.ts";
import { viewWith } from "./sample-view.ts";

const now = Date.parse("2026-11-23T14:05:00Z");
const compiler = createTemplateCompiler({ now: () => now });
await compiler.prepare(["{{#if text}}{{/if}}"]);
const render = (text: string, data: Json) => compiler.compile(text).render(viewWith(data));

const designed =
  "json fromJson yaml truncate lines first last count join default upper lower trim replace date ago duration number plural percent url code indent quote eq ne gt gte lt lte and or not includes basename dirname sha";

test("the functions are those of the design and no others", () => {
  expect(Object.keys(allFunctions(() => 0)).sort()).toEqual(designed.split(" ").sort());
});

test("every function takes any values: it gives text or a sensible error, never a crash", () => {
  const value = fc.oneof(
    fc.constant(undefined),
    fc.jsonValue({ maxDepth: 2 }),
    fc.string({ unit: "binary" }),
    fc.integer(),
  );
  const functions = Object.entries(allFunctions(() => now));
  fc.assert(
    fc.property(
      fc.constantFrom(...functions),
      fc.array(value, { minLength: 8, maxLength: 8 }),
      fc.nat(6),
      (entry, values, extra) => {
        const [, { takes, call }] = entry;
        const given = values.slice(0, Math.min(takes[1], takes[0] + extra));
        const result = call(given, {});
        expect(["string", "number", "boolean", "object", "undefined"]).toContain(typeof result);
      },
    ),
    { numRuns: runs(800) },
  );
});

describe("text", () => {
  test.each([
    ["{{truncate data.t 5}}", { t: "abcdef" }, "abcd…"],
    ["{{truncate data.t 6}}", { t: "abcdef" }, "abcdef"],
    ["{{truncate data.t 2}}", { t: "\u{1F600}\u{1F601}\u{1F602}" }, "\u{1F600}…"],
    ["{{truncate data.t 0}}", { t: "abc" }, ""],
    ["{{lines data.t 2}}", { t: "a\nb\nc\n" }, "a\nb"],
    ["{{lines data.t -2}}", { t: "a\nb\nc\n" }, "b\nc"],
    ["{{code data.t}}", { t: "a`b" }, "``a`b``"],
    ["{{code data.t}}", { t: "`" }, "`` ` ``"],
    ["{{code data.t}}", { t: "a\n```\nb" }, "````\na\n```\nb\n````"],
    ["{{code data.t}}", {}, ""],
    ["{{indent data.t 2}}", { t: "a\n\nb" }, "  a\n\n  b"],
    ["{{quote data.t}}", { t: "a\nb\n" }, "> a\n> b"],
    ["{{url data.t}}", { t: "a b/c?\ud800" }, "a%20b%2Fc%3F%EF%BF%BD"],
    ["{{replace data.t '.*' '-'}}", { t: "a.*b.*" }, "a-b-"],
    ["{{replace data.t '' '-'}}", { t: "ab" }, "ab"],
    ["{{sha data.t}}", { t: "6dcb09b5b57875f334f61aebed695e2e4193db5e" }, "6dcb09b"],
    ["{{sha data.t 10}}", { t: "6dcb09b5b57875f334f61aebed695e2e4193db5e" }, "6dcb09b5b5"],
    ["{{sha data.t}}", { t: "refs/heads/main" }, "refs/heads/main"],
    ["{{default data.a data.b 'c'}}", { b: "" }, "c"],
    ["{{default data.a 'c'}}", { a: 0 }, "0"],
    ["{{first data.t 3}}|{{last data.t 2}}", { t: "abcdef" }, "abc|ef"],
    ["{{join (first data.l 2) '-'}} {{join (last data.l 2)}}", { l: [1, 2, 3] }, "1-2 2, 3"],
    [
      "{{count data.l}} {{count data.o}} {{count data.t}} {{count data.no}}",
      { l: [1], o: { a: 1, b: 2 }, t: "\u{1F600}" },
      "1 2 1 0",
    ],
    ["{{json data.n}}{{json data.no}}", { n: null }, "null"],
  ])("%s of %j is %s", (text, data, expected) => {
    expect(render(text, data as Json)).toBe(expected);
  });
});

describe("numbers and conditions", () => {
  test.each([
    ["{{number data.n}}", { n: 1234567.891 }, "1,234,567.891"],
    ["{{number data.n 1}}", { n: "-1234.56" }, "-1,234.6"],
    ["{{number data.n}}", { n: "many" }, "many"],
    [
      "{{number data.n}} {{number data.n 1}}",
      { n: "-9007199254740993" },
      "-9,007,199,254,740,993 -9,007,199,254,740,993.0",
    ],
    ["{{number data.n}}", { n: "1e999" }, "1e999"],
    ["{{plural data.n 'job'}}", { n: "9007199254740993" }, "9,007,199,254,740,993 jobs"],
    [
      "{{eq data.n '9007199254740993'}}{{gt data.n '9007199254740992'}}{{gt data.n 9007199254740991}}{{lt data.n '1e999'}}",
      { n: "9007199254740993" },
      "truetruetruetrue",
    ],
    ["{{gte ' 5 ' 5}}{{lte '5' data.n}}", { n: 5.0 }, "truetrue"],
    ["{{percent data.n}} {{percent data.n digits=1}}", { n: 0.8767 }, "88% 87.7%"],
    ["{{percent data.n data.of}}", { n: 3, of: 4 }, "75%"],
    ["{{percent data.n data.of}}", { n: 3, of: 0 }, ""],
    ["{{plural data.n 'job'}}", { n: 1 }, "1 job"],
    ["{{plural data.n 'entry' 'entries'}}", { n: 1200 }, "1,200 entries"],
    ["{{plural data.n 'job'}}", { n: ["a", "b"] }, "2 jobs"],
    ["{{eq data.a '5'}}{{eq data.a 5}}{{ne data.a 6}}", { a: 5 }, "truetruetrue"],
    ["{{eq data.a data.b}}", { a: { x: [1], y: 2 }, b: { y: 2, x: [1] } }, "true"],
    ["{{eq data.a data.no}}", { a: null }, "true"],
    [
      "{{gt '10' 9}}{{lt data.a data.b}}{{gte data.no 1}}",
      { a: "2026-01-01", b: "2026-01-02" },
      "truetruefalse",
    ],
    [
      "{{includes data.l 2}}{{includes data.t 'b'}}{{includes data.o 'k'}}{{includes data.no 'x'}}",
      { l: [1, 2], t: "abc", o: { k: 1 } },
      "truetruetruefalse",
    ],
    ["{{and 1 data.e}}{{or 0 data.e}}{{not data.e}}", { e: [] }, "falsefalsetrue"],
  ])("%s of %j is %s", (text, data, expected) => {
    expect(render(text, data as Json)).toBe(expected);
  });
});

describe("time", () => {
  test.each([
    ["{{date data.t}}", { t: "2026-11-23T15:05:00+01:00" }, "2026-11-23T14:05:00Z"],
    ["{{date data.t 'ddd DD MMM HH:mm'}}", { t: 1795442700 }, "Mon 23 Nov 14:05"],
    ["{{date data.t 'YYYY-MM-DD SSS'}}", { t: 1795442700123 }, "2026-11-23 123"],
    ["{{date data.t 'HH:mm Z' tz='Europe/Berlin'}}", { t: "2026-11-23T14:05:00Z" }, "15:05 +01:00"],
    ["{{date data.t 'HH:mm Z' tz='Europe/Berlin'}}", { t: "2026-07-01T14:05:00Z" }, "16:05 +02:00"],
    ["{{date data.t 'HH:mm Z' tz='America/St_Johns'}}", { t: "2026-11-23T14:05:00Z" }, "10:35 -03:30"],
    ["{{date data.t 'HH:mm' tz=data.z}}", { t: "2026-11-23T14:05:00Z", z: "No/Where" }, "14:05"],
    ["{{date data.t}}", { t: "2026-11-23 14:05:00" }, "2026-11-23T14:05:00Z"],
    ["{{date data.t}}", { t: "Mon, 23 Nov 2026 14:05:00 GMT" }, "2026-11-23T14:05:00Z"],
    ["{{date data.t}}", { t: "yesterday" }, "yesterday"],
    ["{{date data.t}}", { t: "1795442700" }, "2026-11-23T14:05:00Z"],
    ["{{date data.t}}", { t: "1795442700.5" }, "2026-11-23T14:05:00Z"],
    ["{{date data.t}}", { t: 0 }, "1970-01-01T00:00:00Z"],
    // Texts of digits that say something else, and other units.
    ["{{date data.t}} {{ago data.t}}", { t: "026" }, "026 026"],
    ["{{date data.t}}", { t: "20261123" }, "20261123"],
    ["{{date data.t}}", { t: "1.79e9" }, "1.79e9"],
    ["{{date data.t}}", { t: 1795442700123456 }, "1795442700123456"],
    ["{{date data.t}}", { t: "1795442700123456789" }, "1795442700123456789"],
    ["{{ago data.t}}", { t: "2026-11-23T14:02:00Z" }, "3m ago"],
    ["{{ago data.t}}", { t: "2026-11-21T14:02:00Z" }, "2d ago"],
    ["{{ago data.t}}", { t: "2026-11-23T16:05:00Z" }, "in 2h"],
    ["{{ago data.t}}", { t: now }, "now"],
    ["{{duration data.n}}", { n: 3725 }, "1h 2m"],
    ["{{duration data.n unit='ms'}}", { n: 450 }, "450ms"],
    ["{{duration data.n}}", { n: 86_400 }, "1d"],
    ["{{duration data.a data.b}}", { a: "2026-11-23T14:00:00Z", b: "2026-11-23T14:02:03Z" }, "2m 3s"],
    ["{{duration data.n}}", { n: 0 }, "0s"],
  ])("%s of %j is %s", (text, data, expected) => {
    expect(render(text, data as Json)).toBe(expected);
  });
});

describe("yaml", () => {
  test("reads back as the same value", () => {
    const string = fc.oneof(
      fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
      fc
        .array(
          fc.constantFrom(
            "a",
            " ",
            "\n",
            ":",
            "#",
            "-",
            "|",
            "'",
            '"',
            "\t",
            "true",
            "1",
            "~",
            "\r",
            "\u2028",
            "é",
          ),
          { maxLength: 6 },
        )
        .map((pieces) => pieces.join("")),
    );
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.oneof(
          string,
          fc.integer(),
          fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
          fc.boolean(),
          fc.constant(null),
        ) as fc.Arbitrary<Json>,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(
          string.filter((name) => name !== "__proto__"),
          tie("value"),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    }));
    fc.assert(
      fc.property(value, (json) => {
        expect(parse(yamlText(json))).toEqual(json);
      }),
      { numRuns: runs(800) },
    );
  });

  test("is the block style a person writes", () => {
    expect(yamlText({ name: "CI", jobs: [{ id: 1, log: "a\nb\n" }, []], ok: true, no: "no", v: "1.0" })).toBe(
      'name: CI\njobs:\n  - id: 1\n    log: |\n      a\n      b\n  - []\nok: true\n"no": "no"\nv: "1.0"',
    );
  });
});
