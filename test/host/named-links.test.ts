// Wildcards of a command line are the config's, and names of files are the project's: neither may block a start.

import fc from "fast-check";
import { expect, it } from "vitest";
import { matchesWildcards } from "../../src/host/named-links.ts";
import { expectNoBlock } from "../support/loop-watchdog.ts";

it.each([
  ["notes.txt", "*.txt", true],
  ["notes.txt", "*", true],
  ["notes.txt", "notes.t?t", true],
  ["notes.txt", "*n*t*", true],
  ["notes.txt", "*.md", false],
  ["notes.txt", "notes.txt?", false],
  ["[a].txt", "[a]*", true],
  ["b.txt", "[a]*", false],
  ["", "*", true],
])("%s matches %s: %s", (name, pattern, expected) => {
  expect(matchesWildcards(name, pattern)).toBe(expected);
});

it("agrees with a regular expression", () => {
  const sources: Readonly<Record<string, string>> = { "*": "[^]*", "?": "[^]", ".": "\\." };
  const letters = fc.constantFrom("a", "b", ".", "\n");
  const parts = fc.array(fc.oneof(letters, fc.constantFrom("*", "?")), { maxLength: 7 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 10 }), parts, (name, pattern) => {
      const source = pattern.map((part) => sources[part] ?? part).join("");
      expect(matchesWildcards(name.join(""), pattern.join(""))).toBe(
        new RegExp(`^(?:${source})$`).test(name.join("")),
      );
    }),
  );
});

it("does not block for a pattern of many wildcards and a name that nearly matches", async () => {
  const pattern = `${"*a".repeat(100)}b`;
  await expectNoBlock(() => {
    for (let n = 0; n < 200; n++) expect(matchesWildcards("a".repeat(255), pattern)).toBe(false);
  });
});
