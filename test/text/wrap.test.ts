// Lines of a form: nothing is lost, and none is longer than the client shows.

import fc from "fast-check";
import { expect, test } from "vitest";
import { wrapLines } from "../../src/text/clip.ts";
import { ownWords } from "../../src/text.ts";
import { hostileText } from "../support/hostile-text.ts";

const wrap = (text: string, width = 20) => wrapLines(ownWords(text), width).split("\n");

test("long lines are broken at spaces, with the beginning of their line", () => {
  expect(wrap("one two three four five six")).toEqual(["one two three four", "    five six"]);
  expect(wrap("  - one two three four five")).toEqual(["  - one two three", "      four five"]);
  expect(wrap("│ one two three four five")).toEqual(["│ one two three four", "│     five"]);
  expect(wrap("short\n\n  short")).toEqual(["short", "", "  short"]);
});

test("a word that is longer than a line is broken, not cut", () => {
  expect(wrap(`see /${"a".repeat(40)}`)).toEqual([
    "see /aaaaaaaaaaaaaaa",
    "    aaaaaaaaaaaaaaaa",
    "    aaaaaaaaa",
  ]);
});

test("no line is too long, and no character is lost", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "grapheme" }), hostileText),
      fc.integer({ min: 16, max: 80 }),
      (raw, width) => {
        const text = ownWords(raw.repeat(5));
        const lines = wrapLines(text, width).split("\n");
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        const letters = (of: string) => of.replaceAll(/[ │\n]/g, "");
        expect(letters(lines.join(""))).toBe(letters(text));
        expect(lines.join("\n").isWellFormed()).toBe(text.isWellFormed());
      },
    ),
  );
});
