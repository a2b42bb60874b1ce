import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { metaValue, neutralise } from "../../src/text/neutralise.ts";
import { forbiddenCharacter, hostileText } from "../support/hostile-text.ts";
import { processorTime } from "../support/processor-time.ts";
import { runs } from "../support/runs.ts";

describe("tags of the client are broken up", () => {
  test.each([
    "<channel>",
    "</channel>",
    "< channel",
    "<\n/ channel",
    "<CHANNEL source='x'>",
    "<\u200bchannel>",
    "<cha\0nnel>",
    "<cha\u00adnnel>",
    "</\u202echannel>",
    "<channel",
    "<channel-x>",
    "<\uDB40channel>".replace("\uDB40", "\u{e0041}"),
    "<system-reminder>",
    "<system_reminder>",
    "<systemreminder>",
    "<\u017fystem-reminder>",
    "<\\/channel>",
    "\uff1cchannel>",
    "<task-notification>",
    "<function_calls>",
    "<invoke name='Bash'>",
    "<bash-stdout>",
    "<local-command-stdout>",
    "<user-prompt-submit-hook>",
    "<tool_use_error>",
    "<human>",
  ])("%j", (text) => {
    expect(neutralise(text)).toMatch(/^\u2039/);
    expect(neutralise(`a${text}`)).toMatch(/^a\u2039/);
  });

  test.each([
    "<b>",
    "<users>",
    "<channels>",
    "a < b",
    "<-",
    "x<<y",
    "<Channeling>",
    "if (a<1)",
    "<html><body>",
    "List<String>",
  ])("%j is left alone", (text) => {
    expect(neutralise(text)).toBe(text);
  });
});

test("the color sequences of a terminal are removed as a whole, and can hide no tag", () => {
  expect(neutralise("\x1b[1m\x1b[38;2;255;0;0mError\x1b[39m: no\x1b[0m")).toBe("Error: no");
  expect(neutralise("<\x1b[31mchannel>")).toBe("\u2039channel>");
  expect(neutralise("\x1b[\x1b[0m31mred")).toBe("[31mred");
});

test("line ends are \\n, tabs stay, lone surrogates are replaced", () => {
  expect(neutralise("a\r\nb\rc\u2028d\te")).toBe("a\nb\nc\nd\te");
  expect(neutralise("a\ud800b\udc00")).toBe("a\ufffdb\ufffd");
  expect(neutralise("\ud83d\u200b\ude00")).toBe("\ufffd\ufffd");
});

test("letters of the world, emoji and combining marks stay", () => {
  const text =
    "äß Ωж 漢字 עברית العربية हिन्दी ไทย e\u0301 \u{1F600}\u{1F44D}\u{1F3FD} \u{1F1E9}\u{1F1EA} −±§ «»";
  expect(neutralise(text)).toBe(text);
  expect(neutralise("\u{1F468}\u200d\u{1F469}\u200d\u{1F467} \u2764\ufe0f")).toBe(
    "\u{1F468}\u{1F469}\u{1F467} \u2764",
  );
});

test("of all of Unicode only what is seen comes through", () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    const out = neutralise(`a${character}b`);
    if (forbiddenCharacter(character) !== undefined) {
      if (out.includes(character)) throw new Error(`U+${code.toString(16)} came through`);
    } else if (out !== `a${character}b` && !/\p{DI}|\p{NChar}|[\u{13430}-\u{1343f}]/u.test(character)) {
      throw new Error(`U+${code.toString(16)} was lost`);
    }
  }
  expect(neutralise("a\u{e0041}b")).toBe("ab");
});

test("whatever is thrown at it: nothing forbidden is left, a second time changes nothing, it never grows", () => {
  const tag = /[<\uff1c\ufe64][\s/\\]*(?:channel|system|user|antml)(?![\p{L}\p{N}_])/iu;
  fc.assert(
    fc.property(hostileText, (text) => {
      const once = neutralise(text);
      expect(forbiddenCharacter(once)).toBeUndefined();
      expect(tag.test(once)).toBe(false);
      expect(neutralise(once)).toBe(once);
      expect(once.length).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: runs(1_200) },
  );
});

test("text with nothing to do is left as it is, fast; hostile text takes linear time", () => {
  const took = (text: string) => {
    neutralise(text.slice(0, 1_000));
    const processorMs = processorTime();
    neutralise(text);
    return processorMs();
  };
  const size = 1024 * 1024;
  // Generous: the suite shares two cores. A quadratic step would need minutes.
  for (const unit of [
    "plain text\n",
    "< ",
    "<",
    "<  \n\t /",
    "\u200b",
    "<\u200bchannel>",
    "\ud800",
    "\u{1F600}",
    "<system",
    "< \\/ ",
  ]) {
    expect(took(unit.repeat(size / unit.length))).toBeLessThan(1_500);
  }
  expect(took(`<${" ".repeat(size)}`)).toBeLessThan(1_500);
});

describe("meta values", () => {
  test("are one line in which nothing ends an attribute or a tag", () => {
    expect(metaValue('  a "b"\n<c>\t\u00a0d  ')).toBe("a ”b” ‹c› d");
    expect(metaValue("</channel>")).toBe("‹/channel›");
    expect(metaValue(" \n ")).toBe("");
  });

  test("end after 1,000 characters", () => {
    expect(metaValue("x".repeat(1_000))).toBe("x".repeat(1_000));
    expect(metaValue("x".repeat(1_001))).toBe(`${"x".repeat(999)}…`);
    expect(Array.from(metaValue("\u{1F600}".repeat(2_000)))).toHaveLength(1_000);
  });

  test("whatever is thrown at them", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const value = metaValue(text);
        expect(value).not.toMatch(/["<>\n\r\t]|^\s|\s$|\s\s/);
        expect(forbiddenCharacter(value)).toBeUndefined();
        expect(metaValue(value)).toBe(value);
      }),
      { numRuns: runs(600) },
    );
  });
});
