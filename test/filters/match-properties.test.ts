import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, View } from "../../src/contract.ts";
import { indexChannels } from "../../src/filters/channel-index.ts";
import { compileMatch } from "../../src/filters/match.ts";
import { runs } from "../support/runs.ts";
import { matchOf, regex, viewOf } from "./example.ts";

const keys = ["a", "b", "c-d", "__proto__", "constructor"];
const key = fc.constantFrom(...keys);
const scalar: fc.Arbitrary<string | number | boolean | null> = fc.constantFrom(
  "x",
  "xy",
  "y",
  "1",
  1,
  2,
  true,
  null,
  "",
);
const value: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    scalar,
    fc.array(tie("json"), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie("json")), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
})).json;
const texts = fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("x", "1", "true"), { maxKeys: 2 });
const view: fc.Arbitrary<View> = fc
  .tuple(value, fc.option(texts, { nil: undefined }))
  .map(([data, query]) => viewOf(data, query === undefined ? {} : { query }));

const word = fc.constantFrom("x", "xy", "y", "X", "é");
const textTest: fc.Arbitrary<Json> = fc.oneof(
  word,
  fc.array(word, { minLength: 1, maxLength: 3 }),
  fc
    .tuple(fc.constantFrom("prefix", "suffix", "contains", "regex", "eq"), word, fc.boolean())
    .map(([operator, operand, ci]): Json => ({ [operator]: operand, ci })),
  fc.record({ contains: word, not: word }),
  fc.record({ exists: fc.boolean() }),
  fc.array(fc.record({ contains: word }), { minLength: 1, maxLength: 2 }),
);
const textPattern: fc.Arbitrary<Json> = fc.letrec<{ pattern: Json }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.record({ text: textTest }),
    fc.record({ text: textTest, "data.line": textTest }),
    fc.record({ "data.n": fc.constantFrom(1, 2) }),
    fc
      .tuple(fc.constantFrom("any", "all", "none"), fc.array(tie("pattern"), { minLength: 1, maxLength: 3 }))
      .map(([key, patterns]): Json => ({ [key]: patterns })),
  ),
})).pattern;

it("a text that fits holds what is said to be needed", () => {
  const paths = new Set(["text", "data.line"]);
  fc.assert(
    fc.property(
      textPattern,
      fc.array(fc.constantFrom("x", "y", "X", "é", "É", "-"), { maxLength: 4 }),
      fc.constantFrom(1, 2),
      (pattern, letters, n) => {
        const { match } = compileMatch(pattern, regex);
        const text = letters.join("");
        const needs = match?.needsAt(paths);
        if (match?.test({ ...viewOf({ line: text, n }), text }) !== undefined || needs === undefined) return;
        const isHeld = needs.some((all) =>
          all.every(({ texts, folds }) => {
            if (folds && /[^\0-\x7f]/.test(text)) return true;
            return texts.some((one) => (folds ? text.toLowerCase() : text).includes(one));
          }),
        );
        expect(isHeld).toBe(true);
      },
    ),
    { numRuns: runs(400) },
  );
});

const segment = fc.oneof(
  { weight: 4, arbitrary: key.map((name) => `.${name}`) },
  fc.constantFrom("[0]", "[1]", "[*]"),
);
const dataPath = fc
  .array(segment, { minLength: 0, maxLength: 3 })
  .map((segments) => `data${segments.join("")}`);
const path = fc.oneof({ weight: 4, arbitrary: dataPath }, fc.constantFrom("query.a", "query.b"));
const named = fc.constantFrom("x", "xy", "y", "1", 1, 2, true);
const test: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: named },
  { weight: 2, arbitrary: fc.array(named, { minLength: 1, maxLength: 3 }) },
  fc.record({ eq: named }),
  fc.record({ in: fc.array(named, { minLength: 1, maxLength: 2 }), not: named }),
  fc.record({ not: fc.oneof(named, fc.array(named, { minLength: 1, maxLength: 2 })) }),
  fc.record({ prefix: fc.constantFrom("x", "y", "1") }),
  fc.record({ exists: fc.boolean() }),
  fc.record({ gt: fc.constantFrom(0, 1) }),
);
const leaves = fc
  .array(fc.tuple(path, test), { minLength: 1, maxLength: 3 })
  .map((entries) => Object.fromEntries(entries));
const pattern: fc.Arbitrary<Json> = fc.letrec<{ pattern: Json }>((tie) => {
  const list = fc.array(tie("pattern"), { minLength: 1, maxLength: 3 });
  return {
    pattern: fc.oneof(
      { maxDepth: 2, depthSize: "small" },
      leaves,
      fc.record({ any: list }),
      fc.record({ all: list }),
      fc.record({ none: list }),
      fc.tuple(leaves, list).map(([own, any]) => ({ ...own, any })),
    ),
  };
}).pattern;
const match = fc.oneof({ weight: 3, arbitrary: pattern }, fc.array(pattern, { minLength: 1, maxLength: 3 }));

/** What the documentation says, in the plainest code. */
function naive(wanted: Json, event: View): boolean {
  if (Array.isArray(wanted)) return wanted.some((one) => naive(one, event));
  return Object.entries(wanted as Record<string, Json>).every(([name, operand]) => {
    const list = operand as Json[];
    if (name === "any") return list.some((one) => naive(one, event));
    if (name === "all") return list.every((one) => naive(one, event));
    if (name === "none") return !list.some((one) => naive(one, event));
    const found = lookUp(name, event);
    const asText = name.startsWith("query");
    return naiveTest(operand, found, asText);
  });
}

function lookUp(text: string, event: View): Json[] {
  const [root, ...segments] = text.match(/\[[^\]]*\]|[^.[\]]+/g)!;
  let values = [(event as unknown as Record<string, Json | undefined>)[root!]];
  for (const name of segments) {
    values = values.flatMap((one): (Json | undefined)[] => {
      if (Array.isArray(one)) {
        if (name === "[*]") return one;
        return name.startsWith("[") ? [one[Number(name.slice(1, -1))]] : [];
      }
      const members = typeof one === "object" && one !== null ? Object.entries(one) : [];
      return members.filter(([member]) => member === name).map(([, inner]) => inner);
    });
  }
  return values.filter((one) => one !== undefined);
}

function naiveTest(operand: Json, found: Json[], asText: boolean): boolean {
  const elements = found.flatMap((one) => (Array.isArray(one) ? one : [one]));
  const equal = (wanted: Json) => (one: Json) => one === (asText ? String(wanted) : wanted);
  if (Array.isArray(operand)) return elements.some((one) => operand.some((wanted) => equal(wanted)(one)));
  if (typeof operand !== "object" || operand === null) return elements.some(equal(operand));
  const { not, exists, ...rest } = operand;
  if (exists !== undefined && exists !== found.length > 0) return false;
  const refused = not === undefined ? [] : Array.isArray(not) ? not : [not];
  if (elements.some((one) => refused.some((wanted) => equal(wanted)(one)))) return false;
  const checks = Object.entries(rest);
  if (checks.length === 0) return true;
  return elements.some((one) =>
    checks.every(([name, wanted]) => {
      if (name === "eq") return equal(wanted)(one);
      if (name === "in") return (wanted as Json[]).some((each) => equal(each)(one));
      if (name === "prefix") return typeof one === "string" && one.startsWith(wanted as string);
      if (asText) return /^\d+$/.test(one as string) && Number(one) > (wanted as number);
      return typeof one === "number" && one > (wanted as number);
    }),
  );
}

describe("match", () => {
  it("does what its documentation says", () => {
    fc.assert(
      fc.property(match, view, (wanted, event) => {
        expect(matchOf(wanted).test(event) === undefined).toBe(naive(wanted, event));
      }),
      { numRuns: runs(800) },
    );
  });

  it("answers any JSON with a compilation or with problems, and never throws", () => {
    fc.assert(
      fc.property(
        fc.jsonValue() as fc.Arbitrary<Json>,
        fc.jsonValue() as fc.Arbitrary<Json>,
        (wanted, data) => {
          const compiled = compileMatch(wanted, regex);
          expect(compiled.match === undefined).toBe(compiled.problems.length > 0);
          compiled.match?.test(viewOf(data));
        },
      ),
    );
  });
});

describe("the index of channels", () => {
  it("never leaves out a channel that fits, and names positions in ascending order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(match, { nil: undefined }), { maxLength: 12 }),
        view,
        (patterns, event) => {
          const matches = patterns.map((one) => (one === undefined ? undefined : matchOf(one)));
          const candidates = indexChannels(matches).candidates(event);
          expect([...candidates]).toEqual([...new Set(candidates)].sort((a, b) => a - b));
          const fitting = matches.flatMap((one, i) => (one === undefined || !one.test(event) ? [i] : []));
          expect(candidates.filter((i) => matches[i] === undefined || !matches[i].test(event))).toEqual(
            fitting,
          );
        },
      ),
      { numRuns: runs(600) },
    );
  });

  it("gives few of a thousand channels that differ in one value", () => {
    const matches = Array.from({ length: 1_000 }, (_, i) =>
      matchOf({ "headers.x-github-event": "push", "data.repo": `acme/${i}`, "data.n": { gt: 1 } }),
    );
    const index = indexChannels(matches);
    const event = viewOf({ repo: "acme/700", n: 2 }, { headers: { "x-github-event": "push" } });
    expect(index.candidates(event)).toEqual([700]);
    expect(index.candidates(viewOf({ repo: ["acme/700", "acme/3"] }))).toEqual([3, 700]);
    expect(index.candidates(viewOf({}))).toEqual([]);
  });

  it("keeps channels that it cannot index as candidates of every event", () => {
    const matches = [
      matchOf({ "data.a": 1 }),
      undefined,
      matchOf({ "data.a": { gt: 0 } }),
      matchOf({ "data.a": 2 }),
    ];
    expect(indexChannels(matches).candidates(viewOf({ a: 2 }))).toEqual([1, 2, 3]);
    expect(indexChannels(matches).candidates(viewOf({}))).toEqual([1, 2]);
  });

  it("does not look up what only the channel itself knows", () => {
    const matches = [matchOf({ "vars.a": 1 }), matchOf({ "inputs.a": 1 })];
    expect([...matches[0]!.roots]).toEqual(["vars"]);
    expect(indexChannels(matches).candidates(viewOf({}))).toEqual([0, 1]);
  });

  it("finds an alternative by the path that all of them name", () => {
    const matches = [matchOf([{ "data.a": 1, "data.b": 2 }, { "data.a": [3, 4] }])];
    expect(indexChannels(matches).candidates(viewOf({ a: 4 }))).toEqual([0]);
    expect(indexChannels(matches).candidates(viewOf({ a: 5, b: 2 }))).toEqual([]);
  });
});
