// Whatever an expression does with whatever an event holds, it ends soon, takes little memory, and says so when it was too much.

import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../src/contract.ts";
import { ExpressionError } from "../../../src/errors.ts";
import { expectNoBlock } from "../../support/loop-watchdog.ts";
import { cel, viewOf } from "../example.ts";

const mebibyte = 1024 * 1024;
const many = (value: Json, count = 300_000) => Array(count).fill(value) as Json[];
const nested = (depth: number): Json => (depth === 0 ? 1 : [nested(depth - 1), nested(depth - 1)]);
const wide = () => Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, i]));

/** Made once: evaluation changes no event, and these take a while to make. */
const data: JsonObject = {
  text: "a".repeat(mebibyte),
  other: "a".repeat(mebibyte),
  wide: "ä".repeat(mebibyte / 2),
  needle: `b${"a".repeat(mebibyte / 2)}`,
  digits: "1".repeat(mebibyte),
  json: `[${"[],".repeat(200_000)}1]`,
  time: "2026-01-31T12:00:00Z",
  zone: "Europe/Berlin",
  l: many(1),
  l2: many(1),
  short: many("a", 10_000),
  texts: many("a".repeat(100), 10_000),
  times: many("2026-01-31T12:00:00Z", 10_000),
  objects: many({ a: 1 }, 60_000),
  objects2: many({ a: 1 }, 60_000),
  deep: nested(17),
  deep2: nested(17),
  map: wide(),
  map2: wide(),
  ten: many(1, 10_000),
};

const repeated = (text: string, count: number, by: string) => Array(count).fill(text).join(by);

describe("takes more than it may", () => {
  it.each<[string, string]>([
    ["lists", repeated("data.l", 300, " + ")],
    ["lists of literals", repeated("[1, 2, 3] + data.l", 100, " + ")],
    ["texts", repeated("data.text", 300, " + ")],
    ["texts made of texts", "data.short.map(x, data.text + x)"],
    ["a text for each element", "data.ten.map(x, data.text).join(data.text)"],
    ["a text joined by itself", 'data.text.split("").join(data.text)'],
    ["a text of a million texts", 'data.text.split("").map(x, x + x)'],
    ["copies of the whole event", `[${repeated("data", 300, ", ")}]`],
    ["copies of it in an object", `{${Array.from({ length: 300 }, (_, i) => `"k${i}": data`).join(", ")}}`],
    ["a copy for each element", "data.ten.map(x, data)"],
    ["comparisons of long lists", repeated("data.l != data.l2", 300, " || ")],
    ["comparisons of lists of objects", repeated("data.objects != data.objects2", 300, " || ")],
    ["comparisons of deep values", repeated("data.deep != data.deep2", 300, " || ")],
    ["comparisons of wide objects", repeated("data.map != data.map2", 300, " || ")],
    ["a comparison for each element", "data.ten.exists(x, data.objects != data.objects2)"],
    ["membership for each element", "data.ten.exists(x, x == 2 || 3 in data.l)"],
    ["membership of objects", "data.ten.exists(x, {'a': 2} in data.objects)"],
    ["comparisons of long texts", "data.ten.all(x, data.text == data.other)"],
    ["order of long texts", "data.ten.all(x, data.text <= data.other)"],
    ["a search that goes through both texts", "data.text.contains(data.needle)"],
    ["such a search from the end", "data.text.lastIndexOf(data.needle) > 0"],
    ["a search for each element", "data.texts.exists(x, data.text.contains(x + 'b'))"],
    ["another case for each element", "data.ten.exists(x, data.text.lowerAscii() == '')"],
    ["counting characters for each element", "data.ten.exists(x, size(data.wide) == 1)"],
    ["parsing JSON", "data.ten.map(x, bytes(data.json).json())"],
    ["parsing JSON in a text", "data.ten.map(x, fromJson(data.json))"],
    ["bytes of a text", "data.ten.map(x, bytes(data.text).hex())"],
    ["time zones", "data.times.exists(x, timestamp(x).getHours(data.zone) == 1)"],
    ["keys of a large object for each element", "data.ten.exists(x, size(data.map) == 1)"],
    ["numbers in long texts", "data.ten.exists(x, double(data.digits) < 0.0)"],
  ])("%s", async (_, text) => {
    const program = cel.compile(text, { purpose: "value" });
    const view = viewOf(data);
    const before = process.memoryUsage().rss;
    await expectNoBlock(() => {
      expect(() => program.evaluate(view)).toThrow(
        expect.objectContaining({
          code: "E_CEL_RUN",
          message: expect.stringMatching(/^(takes|makes) more than /),
        }),
      );
    });
    expect((process.memoryUsage().rss - before) / mebibyte).toBeLessThan(300);
  });
});

describe("takes long only for what it may", () => {
  it.each<[string, string]>([
    ["a thousand searches", repeated('data.text.contains("abcdefgh")', 100, " || ")],
    [
      "macros one after the other",
      `${repeated("data.ten.filter(x, x > 0)", 1, "")}.map(x, x * 2).exists(x, x == 5)`,
    ],
    ["regular expressions on a list", 'data.texts.exists(x, x.matches("(a|b)*c"))'],
    ["a regular expression on a long text", 'data.text.matches("(a*)*b")'],
    ["many regular expressions on a long text", repeated('data.text.matches("(a|aa)+$|b")', 4, " && ")],
    ["a whole event", "data"],
    ["splitting a text", 'size(data.text.split("a"))'],
  ])("%s", async (_, text) => {
    const program = cel.compile(text, { purpose: "value" });
    const view = viewOf(data);
    await expectNoBlock(() => {
      try {
        program.evaluate(view);
      } catch (error) {
        expect(error).toBeInstanceOf(ExpressionError);
      }
    });
  });
});

describe("what is cheap is not counted as if it were dear", () => {
  it.each<[string, Json]>([
    ["data.l != []", true],
    ["data.map == {}", false],
    ['data.text == "a"', false],
    ["size(data.l) > 5 && size(data.text) > 5", true],
    ['has(data.map.k1) && "k7" in data.map', true],
    ['data.texts.filter(x, x.startsWith("a")).exists(x, x.endsWith("b"))', false],
    ['data.text.contains("b") || data.wide.contains("a")', false],
    ["data.l[299999] + data.l2[0]", 2],
    ["data.objects.map(x, x.a)[0] == 1 || true", true],
  ])("%s", (text, expected) => {
    const small = { ...data, objects: many({ a: 1 }, 10_000) };
    expect(cel.compile(text, { purpose: "value" }).evaluate(viewOf(small))).toBe(expected);
  });
});

it("an error that was too much is not forgiven by what stands beside it", () => {
  const dear = "data.ten.exists(x, 2 in data.l)";
  for (const text of [
    `${dear} || true`,
    `!(${dear} && false)`,
    `data.ten.exists(y, ${"2 in data.l"} || y == 2)`,
  ]) {
    const program = cel.compile(text, { purpose: "condition" });
    expect(() => program.evaluate(viewOf(data)), text).toThrow("takes more than 1,000,000 steps");
  }
});

it("does not hold one event against the next", () => {
  const program = cel.compile("2 in data.l", { purpose: "condition" });
  const view = viewOf({ l: many(1, 900_000) });
  for (let times = 0; times < 5; times++) expect(program.evaluate(view)).toBe(false);
  const dear = cel.compile("data.l.exists(x, x in data.l)", { purpose: "condition" });
  expect(() => dear.evaluate(view)).toThrow();
  expect(program.evaluate(view)).toBe(false);
});

it("quotes no more of an event in its error than fits on a few lines", () => {
  const program = cel.compile("bool(data.text)", { purpose: "value" });
  expect.assertions(1);
  try {
    program.evaluate(viewOf(data));
  } catch (error) {
    expect((error as Error).message.length).toBeLessThanOrEqual(300);
  }
});
