// What a regular expression of a config may cost, and what its mistakes show.

import { describe, expect, it } from "vitest";
import { processorTime } from "../support/processor-time.ts";
import { fits, matchOf, regex, viewOf } from "./example.ts";

/** The same text of two letters at every run, without a pattern that an engine could shortcut. */
function twoLetters(length: number): string {
  let state = 12_345;
  let text = "";
  while (text.length < length) {
    state = (state * 1_103_515_245 + 12_345) % 0x80000000;
    text += state > 0x40000000 ? "a" : "b";
  }
  return text;
}

function msOf(run: () => unknown): number {
  const took = processorTime();
  run();
  return took();
}

// Measured at up to 80 ms on an idle machine; without bounds these take minutes.
const atMostMs = 5_000;
const costly = [
  "(a|b)*a(a|b){20}c$",
  "(a|b)*a(a|b){100}c$",
  "[ab]*a[ab]{100}c$",
  "[ab]{0,200}c$",
  "(?i)\\pL*a\\pL{100}c$",
];

describe("the time of a pattern", () => {
  it.each(costly)("is bounded on a text of 1 MiB: %s", (pattern) => {
    const one = regex(pattern);
    const text = `c${twoLetters(1_048_576)}c `;
    one.begin();
    expect(msOf(() => one.test(text))).toBeLessThan(atMostMs);
  });

  it.each(costly)("is bounded on a list of 1 MiB: %s", (pattern) => {
    const match = matchOf({ "data.l": { regex: pattern } });
    const text = `c${twoLetters(1_000)}c `;
    const view = viewOf({ l: Array<string>(1_000).fill(text) });
    expect(msOf(() => match.test(view))).toBeLessThan(atMostMs);
  });

  it("does not cut a long list short for a pattern that is quick", () => {
    const paths = Array.from({ length: 20_000 }, (_, i) => `packages/some/folder/file-${i}.ts`);
    expect(fits({ "data.l": { regex: "^src/.*\\.ts$" } }, { l: [...paths, "src/main.ts"] })).toBe(true);
  });

  it("is counted anew for each event", () => {
    const match = matchOf({ "data.l": { regex: costly[1] as string } });
    match.test(viewOf({ l: Array<string>(1_000).fill(`${twoLetters(1_000)}c `) }));
    expect(match.test(viewOf({ l: [`${"a".repeat(101)}c`] }))).toBeUndefined();
  });
});

describe("a text that is too long", () => {
  it("is looked at as far as its first 64 Ki characters", () => {
    expect(regex("b").test(`${"a".repeat(65_535)}b`)).toBe(true);
    expect(regex("b").test(`${"a".repeat(65_536)}b`)).toBe(false);
  });

  it("is looked at less far by a large pattern, never less than 1,000 characters", () => {
    expect(regex("^a*(x{480})?b").test(`${"a".repeat(990)}b`)).toBe(true);
    expect(regex("^a*(x{480})?b").test(`${"a".repeat(1_100)}b`)).toBe(false);
  });
});

describe("a pattern that is refused", () => {
  it.each(["[ab]{0,1000}", "(x{30}){30}", "\\pL{501}"])("for its size: %s", (pattern) => {
    expect(() => regex(pattern)).toThrow(
      expect.objectContaining({
        code: "E_CONFIG_REGEX",
        message: expect.stringContaining("instructions, at most 500 are allowed"),
        hint: expect.stringContaining("counts as that many copies"),
      }),
    );
  });

  it.each([
    "hunter2(",
    "(?=hunter2)",
    "hunter2[z-a]",
    "hunter2\\q",
    "*hunter2",
    "hunter2{2000}",
    "(?P<hunter2",
  ])("is told with the reason and never quoted: %s", (pattern) => {
    expect.assertions(3);
    try {
      regex(pattern, { ignoreCase: true });
    } catch (error) {
      const { message, hint, cause } = error as Error & { hint?: string };
      expect(message).toMatch(/^not a pattern that RE2 accepts: [a-z]/);
      expect(`${message} ${hint}`).not.toContain("hunter2");
      expect(cause).toBeUndefined();
    }
  });

  it("is told with the place of the mistake", () => {
    expect(() => regex("abc[z-a]d")).toThrow("invalid character class range at character 5");
  });
});

describe("named groups", () => {
  it("are those of the first match", () => {
    const pattern = regex("(?P<level>WARN|ERROR) (?P<code>\\d+)?");
    expect(pattern.groups("x ERROR 17, WARN 2")).toEqual({ level: "ERROR", code: "17" });
  });

  it("are left out where they took no part, and none where nothing matches", () => {
    const pattern = regex("(?P<level>WARN|ERROR)(?P<rest> .*)?");
    expect(pattern.groups("ERROR")).toEqual({ level: "ERROR" });
    expect(pattern.groups("INFO")).toBeUndefined();
  });
});
