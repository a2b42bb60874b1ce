// What is looked for before RE2 is asked: it may never hide a match.

import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it, test } from "vitest";
import type { TextNeeds } from "../../src/contract/emit-all.ts";
import { requiredNeeds, requiredTexts } from "../../src/filters/required-texts.ts";
import { runs } from "../support/runs.ts";

describe("a pattern that cannot do without a text", () => {
  const line = "12:00 INFO request done";
  it.each([
    ["ERROR", false],
    ["ERROR.*timeout", false],
    ["INFO.*timeout", false],
    ["timeout.*(?:INFO|WARN)", false],
    ["panic:|Traceback|Exception", false],
    ["(fatal|panic): \\d+", false],
    ["(?i)error|fatal", false],
    ["status [45]\\d\\d", false],
    ["(?P<level>WARN|ERROR)\\s", false],
    ["\\[error\\]", false],
    ["x{2}y", false],
    ["INFO", true],
    ["(?i)info|error", true],
  ])("%s", (pattern, mayMatch) => {
    expect(requiredTexts(pattern, false)?.(line)).toBe(mayMatch);
  });

  it.each([
    "\\d+",
    "a?b*",
    "error|\\d+",
    "(?:error)?",
    "(error|)",
    "a(?i)b",
    "\\Qa.b\\E",
    "[a-z]{2}",
    ".",
    "(x{0,3})",
  ])("is not read into %s", (pattern) => {
    expect(requiredTexts(pattern, false)).toBeUndefined();
  });
});

test("a text that must be there, in any case, is found in every spelling that RE2 takes for it", () => {
  for (const [pattern, text] of [
    ["(?i)disk", "DI\u017fK"],
    ["(?i)task", "TAS\u212A"],
    ["(?i)straße", "STRASSE"],
  ] as const) {
    const found = RE2JS.compile(pattern).test(text);
    expect(requiredTexts(pattern, false)?.(text) ?? true, pattern).toBe(
      found || requiredTexts(pattern, false) === undefined,
    );
  }
});

function holds(text: string, needs: TextNeeds): boolean {
  return needs.some((all) =>
    all.every(({ texts, folds }) => {
      if (folds && /[^\0-\x7f]/.test(text)) return true;
      const searched = folds ? text.toLowerCase() : text;
      return texts.some((one) => searched.includes(one));
    }),
  );
}

const letter = fc.constantFrom(
  "a",
  "b",
  "s",
  "k",
  "K",
  "-",
  "é",
  "\\.",
  "\\d",
  "\\b",
  ".",
  "[ab]",
  "[^]a]",
  "[[:alpha:]]",
  "\\pL",
  "\\x61",
  "^",
  "$",
  "😀",
);
const repeat = fc.constantFrom("", "", "", "+", "*", "?", "{2}", "{0,2}", "{1,}", "+?");
const { pattern: patterns } = fc.letrec<{ pattern: string; branch: string; part: string }>((tie) => ({
  pattern: fc.array(tie("branch"), { minLength: 1, maxLength: 3 }).map((all) => all.join("|")),
  branch: fc.array(tie("part"), { minLength: 0, maxLength: 5 }).map((all) => all.join("")),
  part: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.tuple(letter, repeat).map(([one, times]) => (/^[\^$]|^\\b/.test(one) ? one : one + times)),
    fc
      .tuple(fc.constantFrom("(", "(?:", "(?P<n>"), tie("pattern"), repeat)
      .map(([open, inner, times]) => `${open}${inner})${times}`),
  ),
}));
const texts = fc
  .array(
    fc.constantFrom("a", "b", "A", "B", "S", "\u017f", "k", "\u212A", "-", "é", "É", ".", "1", " ", "😀"),
    { maxLength: 8 },
  )
  .map((all) => all.join(""));

test("no match is ever hidden", () => {
  fc.assert(
    fc.property(
      patterns,
      fc.array(texts, { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      (inner, lines, ignoreCase, flagged) => {
        const pattern = flagged ? `(?is)${inner}` : inner;
        let program: RE2JS;
        try {
          program = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
        } catch {
          return;
        }
        const mayMatch = requiredTexts(pattern, ignoreCase);
        const needs = requiredNeeds(pattern, ignoreCase);
        for (const line of lines) {
          if (!program.test(line)) continue;
          expect(mayMatch?.(line) ?? true).toBe(true);
          expect(needs === undefined || holds(line, needs)).toBe(true);
        }
      },
    ),
    { numRuns: runs(800) },
  );
});
