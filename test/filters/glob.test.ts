import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGlob } from "../../src/filters/glob.ts";
import { processorTime } from "../support/processor-time.ts";
import { runs } from "../support/runs.ts";
import { regex } from "./example.ts";

describe("a glob", () => {
  it.each<[pattern: string, text: string, matches: boolean]>([
    ["release/*", "release/1.2", true],
    ["release/*", "release/1/2", false],
    ["release/**", "release/1/2", true],
    ["release/*", "release/", true],
    ["release/*", "xrelease/1", false],
    ["*", "main", true],
    ["*", "a/b", false],
    ["**", "a/b", true],
    ["**/test/*.ts", "src/a/test/x.ts", true],
    ["v?.?", "v1.2", true],
    ["v?.?", "v1.23", false],
    ["a?b", "a/b", false],
    ["v[0-9]*", "v1.0", true],
    ["v[!0-9]*", "v1.0", false],
    ["[a-]x", "-x", true],
    ["{main,release/*}", "release/2", true],
    ["{main,release/*}", "main", true],
    ["{main,release/*}", "mainx", false],
    ["a{b,c{d,e}}f", "acef", true],
    ["\\*", "*", true],
    ["\\*", "x", false],
    ["\\{a,b}", "{a,b}", true],
    ["*a*b", "xaxab", true],
    ["", "", true],
    ["**/x.ts", "x.ts", true],
    ["**/x.ts", "a/b/x.ts", true],
    ["**/x.ts", "ax.ts", false],
    ["src/**/x.ts", "src/x.ts", true],
    ["src/**/x.ts", "src/a/b/x.ts", true],
    ["src/**/x.ts", "srcx.ts", false],
    ["src/**/*", "src/x", true],
    ["src/**", "src/a/b", true],
    ["src/**", "src", false],
    ["**/a/**/b", "a/b", true],
    ["**/a/**/b", "x/a/y/z/b", true],
    ["a**/b", "ax/y/b", true],
    ["a**/b", "b", false],
    ["?", "😀", true],
    ["??", "😀", false],
    ["[😀😂]x", "😂x", true],
    ["[a-😀]", "é", true],
    ["[!a]", "😀", true],
    ["[\\]]", "]", true],
    ["[]a]", "]", true],
    ["[!]a]", "]", false],
    ["[a\\-c]", "b", false],
    ["[a\\-c]", "-", true],
    ["[\\\\]", "\\", true],
    ["[[:digit:]]", "7", true],
    ["[[:digit:]a-c_]", "b", true],
    ["[![:space:]]", " ", false],
    ["{a}", "{a}", true],
    ["{}", "{}", true],
    ["v{1..3}", "v2", true],
    ["v{1..3}", "v4", false],
    ["{08..10}", "09", true],
    ["{a..c}", "b", true],
    ["[{]a", "{a", true],
  ])("%s on %s: %s", (pattern, text, matches) => {
    expect(compileGlob(pattern)(text)).toBe(matches);
  });

  it("agrees with a regular expression that says the same", () => {
    const part = fc.constantFrom("a", "b", "/", "*", "**", "?", "[ab]");
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }),
        fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 10 }),
        (parts, text) => {
          const pattern = parts.join("");
          const source = pattern.replace(/(?<=^|\/)\*\*+\/|\*+|\?/g, (found) => {
            if (found === "?") return "[^/]";
            if (found.endsWith("/")) return "(.*/)?";
            return found === "*" ? "[^/]*" : ".*";
          });
          expect(compileGlob(pattern)(text)).toBe(regex(`^(${source})$`).test(text));
        },
      ),
      { numRuns: runs(600) },
    );
  });

  it.each<[pattern: string, text: string, matches: boolean]>([
    ["[[:upper:]]x", "AX", true],
    ["[[:lower:]]x", "AX", true],
    ["[A-C]", "b", true],
    ["{MAIN,dev}", "Main", true],
  ])("ignoring case, %s on %s: %s", (pattern, text, matches) => {
    expect(compileGlob(pattern, true)(text)).toBe(matches);
  });

  it.each(["!(main)", "a/!(b)", "@(a|b)", "a+(b|c)d", "?(a|b)", "*(a|b)/x"])(
    "refuses %s of bash, which would be plain text",
    (pattern) => expect(() => compileGlob(pattern)).toThrow("of bash"),
  );

  it.each(["fix(*)", "fix*(x)", "wow!(x)", "\\!\\(main\\)", "@\\(a|b\\)", "@(a)"])(
    "takes %s as it is",
    (pattern) => {
      const text = pattern.replaceAll("\\", "").replaceAll("*", "y");
      expect(compileGlob(pattern)(text)).toBe(true);
    },
  );

  it("refuses a range that ends before it begins", () => {
    expect(() => compileGlob("[z-a]")).toThrow("ends before it begins");
  });

  it("takes milliseconds where a backtracking matcher hangs", () => {
    const glob = compileGlob(`${"**a".repeat(30)}*b`);
    const took = processorTime();
    expect(glob("a".repeat(20_000))).toBe(false);
    expect(took()).toBeLessThan(2_000);
  });

  it("refuses braces that explode", () => {
    expect(() => compileGlob("{a,b}".repeat(12))).toThrow("more than 100 alternatives");
  });
});

it("a regular expression that hangs a backtracking engine takes milliseconds", () => {
  const took = processorTime();
  for (const pattern of ["(a+)+$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*a){20}"]) {
    regex(pattern).test(`${"a".repeat(20_000)}!`);
  }
  expect(took()).toBeLessThan(2_000);
});
