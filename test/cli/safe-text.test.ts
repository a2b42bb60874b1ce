import { expect, it } from "vitest";
import { safeLine } from "../../src/cli/safe-text.ts";

it.each([
  ["two\n lines\tand a tab", "two lines and a tab"],
  ["\u001b[31mred\u001b[0m \u0007\u009b2J", "[31mred[0m 2J"],
  ["a\u202Eb\u2066c\u061Cd\u2060e\u00ADf", "abcdef"],
  ["hidden\u{E0069}\u{E0067}", "hidden"],
  ["a\u2028b\uD800", "ab"],
  ["Zoë 東京 🎉", "Zoë 東京 🎉"],
])("%j is shown as %j", (text, shown) => {
  expect(safeLine(text)).toBe(shown);
});
