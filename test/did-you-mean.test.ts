import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { didYouMean } from "../src/did-you-mean.ts";

describe("did you mean", () => {
  const keys = ["match", "when", "vars", "changed", "dedupe", "content", "description", "max_body", "github"];
  test.each([
    ["mach", "match"],
    ["wehn", "when"],
    ["desc", "description"],
    ["maxBody", "max_body"],
    ["max-body", "max_body"],
    ["CONTENT", "content"],
    ["dedup", "dedupe"],
    ["gihub", "github"],
    ["contents", "content"],
  ])("%s is %s", (word, meant) => {
    expect(didYouMean(word, keys)).toBe(meant);
  });

  test.each(["xyz", "of", "", "transformations", "m", "a".repeat(100)])("%j is nothing known", (word) => {
    expect(didYouMean(word, keys)).toBeUndefined();
  });

  test("one edit in a word of at least five letters always finds it", () => {
    const known = ["sources", "channels", "public_url", "server"];
    fc.assert(
      fc.property(
        fc.constantFrom(...known),
        fc.nat(),
        fc.constantFrom("drop", "swap", "add"),
        (word, seed, how) => {
          const at = seed % (word.length - 1);
          const edited =
            how === "drop"
              ? word.slice(0, at) + word.slice(at + 1)
              : how === "add"
                ? `${word.slice(0, at)}q${word.slice(at)}`
                : word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2);
          fc.pre(edited !== word);
          expect(didYouMean(edited, known)).toBe(word);
        },
      ),
    );
  });

  test("the suggestion is always one of the known words, and never the word itself", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (word, known) => {
        const suggestion = didYouMean(word, known);
        expect(suggestion === undefined || (known.includes(suggestion) && suggestion !== word)).toBe(true);
      }),
    );
  });
});
