import { evaluate as evaluateUnguarded } from "@marcbachmann/cel-js";
import { describe, expect, it, vi } from "vitest";
import { ExpressionError } from "../../src/errors.ts";
import { loadEngines } from "../../src/filters/engines.ts";
import { processorTime } from "../support/processor-time.ts";
import { cel, viewOf } from "./example.ts";

function timed<T>(run: () => T): { result: T; ms: number } {
  const took = processorTime();
  const result = run();
  return { result, ms: took() };
}

function evaluate(text: string, data: Parameters<typeof viewOf>[0]) {
  return cel.compile(text, { purpose: "value" }).evaluate(viewOf(data));
}

describe("matches", () => {
  it("takes milliseconds for a pattern that hangs a backtracking engine", () => {
    const { result, ms } = timed(() =>
      evaluate('data.s.matches("^(a+)+$")', { s: `${"a".repeat(50_000)}!` }),
    );
    expect(result).toBe(false);
    expect(ms).toBeLessThan(1_000);
  });

  it("never reaches a native regular expression, wherever it stands", () => {
    const texts = [
      'data.s.matches("^a")',
      'data.l.exists(x, x.matches("^a"))',
      'data.l.filter(x, x.matches("^a")).map(x, x.matches("b"))',
      'data.l.map(x, x.matches("a"), x)',
      'data.l.exists_one(x, data.s == "z" || !x.matches("b"))',
      'has(data.s) ? (data.s + "a").matches("^a") : false',
      '{"k": [data.s.matches("^a")]}["k"][0]',
      'string(data.s.matches("a")).matches("true")',
      'size([data.s.matches("a")]) in [1, size(data.l)]',
    ];
    const native = vi.spyOn(globalThis, "RegExp");
    try {
      expect(() => evaluateUnguarded('"abc".matches("b")')).toThrow();
      expect(native, "the spy sees the library's own matches").toHaveBeenCalled();
      for (const text of texts) {
        const program = cel.compile(text, { purpose: "value" });
        native.mockClear();
        program.evaluate(viewOf({ s: "abc", p: "b", l: ["abc", "b"] }));
        expect(native, text).not.toHaveBeenCalled();
      }
    } finally {
      native.mockRestore();
    }
  });

  it("a constant pattern that RE2 refuses is found at load, at its place", () => {
    expect.assertions(1);
    try {
      cel.compile('data.s == "x" || data.s.matches("(?=a)")', { purpose: "condition" });
    } catch (error) {
      expect(error).toMatchObject({ code: "E_CONFIG_REGEX", offset: 32 });
    }
  });

  it.each([
    ["data.x.matches(data.re)", 15],
    ['data.x.matches("a" + data.re)', 15],
    ["data.l.exists(re, data.x.matches(re))", 33],
  ])("a pattern that an event could bring is refused at load: %s", (text, offset) => {
    expect.assertions(1);
    try {
      cel.compile(text, { purpose: "condition" });
    } catch (error) {
      expect(error).toMatchObject({
        code: "E_CONFIG_CEL",
        offset,
        hint: 'write the pattern as text, for instance matches("^v[0-9]+")',
      });
    }
  });

  it("a pattern that is too large is refused at load", () => {
    const text = `data.x.matches("${"[ab]{0,1000}".repeat(20)}c$")`;
    expect(() => cel.compile(text, { purpose: "condition" })).toThrow(
      expect.objectContaining({ code: "E_CONFIG_REGEX" }),
    );
  });
});

describe("macros", () => {
  it.each(["all", "exists", "exists_one", "filter", "map"])("%s does not stand inside another", (name) => {
    const text = `data.l.exists(a, data.l.${name}(b, a == b) == true)`;
    expect(() => cel.compile(text, { purpose: "value" })).toThrow(
      `${name}() is inside exists(): macros do not nest`,
    );
  });

  it("may follow one another", () => {
    expect(evaluate("data.filter(a, a > 1).map(a, a * 2).exists(a, a == 6)", [1, 2, 3])).toBe(true);
  });

  it.each([
    "all(x, true)",
    "exists(x, false)",
    "exists_one(x, true)",
    "filter(x, true)",
    "map(x, x)",
    "map(x, true, x)",
  ])("%s refuses more than 10,000 elements", (macro) => {
    const program = cel.compile(`size([data.${macro}]) == 1`, { purpose: "condition" });
    expect(program.evaluate(viewOf(Array(10_000).fill(1)))).toBe(true);
    expect(() => program.evaluate(viewOf(Array(10_001).fill(1)))).toThrow("on 10001 elements, at most 10000");
  });

  it("refuse objects of more than 10,000 keys too", () => {
    const wide = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`k${i}`, i]));
    expect(() => evaluate("data.exists(k, k == 'x')", wide)).toThrow("on 10001 elements");
  });

  it("end soon, whatever they do in each round", () => {
    const text = "data.l.exists(x, x in data.other)";
    const program = cel.compile(text, { purpose: "condition" });
    const view = viewOf({ l: Array(10_000).fill("x"), other: Array(300_000).fill("y") });
    const { ms } = timed(() =>
      expect(() => program.evaluate(view)).toThrow("takes more than 1,000,000 steps"),
    );
    expect(ms).toBeLessThan(1_000);
  });

  it("an evaluation that took too much does not shorten the next", () => {
    const program = cel.compile("data.all(x, x < 5)", { purpose: "condition" });
    expect(program.evaluate(viewOf(Array(10_000).fill(1)))).toBe(true);
    expect(program.evaluate(viewOf(Array(10_000).fill(1)))).toBe(true);
  });
});

it("duration of a long text is refused before it is parsed", () => {
  const { ms } = timed(() =>
    expect(() => evaluate("duration(data) > duration('1s')", "1".repeat(100_000))).toThrow(ExpressionError),
  );
  expect(ms).toBeLessThan(1_000);
  expect(evaluate("duration(data)", "1h30m")).toBe("5400s");
});

describe("loading", () => {
  it("a config without expressions compiles without any engine, and says so when one was forgotten", async () => {
    const engines = await loadEngines({ matches: [{ "data.a": 1 }], expressions: [] });
    expect(() => engines.regex("a")).toThrow("was not announced");
    expect(() => engines.cel.compile("true", { purpose: "condition" })).toThrow("was not announced");
  });

  it("an expression without matches needs no RE2, one with it gets it", async () => {
    const plain = await loadEngines({ matches: [], expressions: ["data.a == 1"] });
    expect(() => plain.regex("a")).toThrow("was not announced");
    expect(plain.cel.compile("data == 1", { purpose: "condition" }).evaluate(viewOf(1))).toBe(true);
    const both = await loadEngines({ matches: [], expressions: ['text.matches("a")'] });
    expect(both.cel.compile('text.matches("a")', { purpose: "condition" }).evaluate(viewOf("xa"))).toBe(true);
  });
});
