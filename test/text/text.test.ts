import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { cut } from "../../src/text/clip.ts";
import {
  block,
  line,
  lines,
  marked,
  masked,
  ownWords,
  paint,
  type SafeText,
  safeJson,
  safeLine,
  shownLine,
  text,
} from "../../src/text.ts";
import { forbiddenCharacter, hostileText } from "../support/hostile-text.ts";
import { processorTime } from "../support/processor-time.ts";
import { runs } from "../support/runs.ts";

it.each([
  ["two\n lines\tand a tab", "two lines and a tab"],
  ["\u001b[31mred\u001b[0m \u0007\u009b2J\u001b[2J\u001b]0;title\u0007", "red 2J[2J]0;title"],
  ["a\u202Eb\u2066c\u061Cd\u2060e\u00ADf", "abcdef"],
  ["hidden\u{E0069}\u{E0067}", "hidden"],
  ["a\u2028b\u0085c\vd\fe\rf\uD800", "a b c d e f\ufffd"],
  ["a\r\u0000\nb\u200b\n\u200bc", "a b c"],
  ["Zoë 東京 🎉", "Zoë 東京 🎉"],
])("%j is shown as %j", (raw, shown) => {
  expect(safeLine(raw)).toBe(shown);
  expect(line`${raw}`).toBe(shown);
});

test("what a user decides on shows that something is hidden", () => {
  expect(shownLine("rm\u202e -rf\u200b \u001b[2J")).toBe("rm\ufffd -rf\ufffd \ufffd[2J");
  expect(shownLine("curl\nx")).toBe("curl x");
});

test("a value is a part of a line, whatever it holds; the words around it stay", () => {
  expect(line`source ${"a\nchannel-router: all is well"}: ${3}`).toBe(
    "source a channel-router: all is well: 3",
  );
  expect(text`one ${"a\nb"}\n  two`).toBe("one a b\n  two");
  expect(text`failed: ${block("Error: x\n    at y\r\nforged")}`).toBe(
    "failed: Error: x\n      at y\n  forged",
  );
  expect(marked("a\u2028b\rc", line`> `)).toBe("> a\n> b\n> c");
  expect(ownWords("a\r\nb\u001b")).toBe("a\nb");
});

test("a cut is said and splits no character", () => {
  expect(safeLine("x".repeat(60_000))).toBe(`${"x".repeat(3_968)}… (56032 more characters)`);
  expect(cut(line`${"ab🎉cd"}`, 4)).toBe("ab…");
  expect(safeLine(`${"x".repeat(3_967)}🎉${"x".repeat(100)}`)).toContain("x… (102 more characters)");
  expect(line`${safeLine("x".repeat(60_000))}`).toBe(safeLine("x".repeat(60_000)));
  expect(cut(line`abcd`, 4)).toBe("abcd");
  expect(marked("y".repeat(50), line`> `, 40)).toBe("> yyyyyyyy… (42 more characters)");
});

test("a secret is replaced", () => {
  expect(masked(line`a s3cret b`, (raw) => raw.replaceAll("s3cret", "•••"))).toBe("a ••• b");
});

test("colours are the program's own", () => {
  const red = paint("a\u001b[2Jb", (shown) => `\u001b[31m${shown}\u001b[39m`);
  expect(line`x ${red} y`).toBe("x \u001b[31ma[2Jb\u001b[39m y");
});

test("JSON means the same and holds nothing that is not seen", () => {
  fc.assert(
    fc.property(hostileText, hostileText, (key, value) => {
      const json = safeJson({ [key]: [value] }, 2);
      expect(forbiddenCharacter(json)).toBeUndefined();
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ [key]: [value] })));
    }),
    { numRuns: runs(400) },
  );
  expect(safeJson(undefined)).toBe("null");
});

describe("whatever is thrown at it", () => {
  const exits: Readonly<Record<string, (raw: string) => { shown: SafeText; most: number }>> = {
    safeLine: (raw) => ({ shown: safeLine(raw), most: 1 }),
    shownLine: (raw) => ({ shown: shownLine(raw), most: 1 }),
    line: (raw) => ({ shown: line`a ${raw} b`, most: 1 }),
    text: (raw) => ({ shown: text`a ${raw}\nb`, most: 2 }),
    lines: (raw) => ({ shown: lines([line`a`, safeLine(raw)]), most: 2 }),
    block: (raw) => ({ shown: text`a: ${block(raw)}`, most: Number.POSITIVE_INFINITY }),
    marked: (raw) => ({ shown: marked(raw, line`> `), most: Number.POSITIVE_INFINITY }),
    ownWords: (raw) => ({ shown: ownWords(raw), most: Number.POSITIVE_INFINITY }),
    paint: (raw) => ({ shown: line`${paint(raw, (shown) => shown)}`, most: 1 }),
    cut: (raw) => ({ shown: cut(safeLine(raw), 20), most: 1 }),
  };

  test.each(Object.entries(exits))("%s gives nothing hidden and no line of its own", (name, exit) => {
    fc.assert(
      fc.property(hostileText, (raw) => {
        const { shown, most } = exit(raw);
        expect(forbiddenCharacter(shown)).toBeUndefined();
        const found = shown.split("\n");
        expect(found.length).toBeLessThanOrEqual(most);
        if (name === "block")
          for (const further of found.slice(1)) expect(further.startsWith("  ")).toBe(true);
        if (name === "marked") for (const one of found) expect(one.startsWith("> ")).toBe(true);
        if (name === "safeLine" || name === "shownLine") expect(safeLine(shown)).toBe(shown);
      }),
      { numRuns: runs(600) },
    );
  });

  test.each(Object.entries(exits))("%s takes linear time", (_, exit) => {
    for (const unit of [
      " ",
      "\n",
      "\t ",
      "\u001b[",
      "\u001b[1;",
      "\u001b[31m",
      "\u200b",
      "\ud800",
      "\r",
      "x\n ",
    ]) {
      const raw = unit.repeat(Math.floor((1024 * 1024) / unit.length));
      exit(raw.slice(0, 1_000));
      const tookMs = processorTime();
      exit(raw);
      expect(tookMs()).toBeLessThan(1_000);
    }
  });
});
