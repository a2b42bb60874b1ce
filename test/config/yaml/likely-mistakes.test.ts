// Valid YAML that is never meant gives a warning with its place; what is meant gives none.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { load, told } from "../loading.ts";

const top = "sources:\n  h: { type: http, path: /h }\nchannels:\n  h:\n";

async function warningsOf(text: string): Promise<string[]> {
  const { warnings } = await load(text);
  return warnings.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe("a warning says where and what to type", () => {
  test.each<[string, string, RegExp]>([
    [
      "a template behind #",
      "    content: PR #{{data.number}} by {{data.user}}\n",
      /^5:17 the value ends before this "#"/,
    ],
    ["a number behind #", "    content: fixes #12\n", /^5:20 the value ends/],
    ["a name behind # in prose", "    description: deploys of #general\n", /^5:29 the value ends/],
    [
      "a whole value behind #",
      "    content: #{{data.number}}\n",
      /^5:14 the "#" begins a comment, so the value is empty/,
    ],
    [
      "an item behind #",
      "    match: { data.x: { in: [a] } }\n    from:\n      - #h\n",
      /^7:9 the "#" begins/,
    ],
    [
      "# at the begin of a continued line",
      "    content: PR\n      #{{data.number}} opened\n",
      /^6:7 the value ends/,
    ],
    [
      "a template in the header of a block",
      "    content: | #{{data.number}}\n      x\n",
      /^5:16 text on the line/,
    ],
    ["a comment with a template and a space", "    content: text # {{data.x}}\n", /^5:19 the value ends/],
    [
      "a colon without space in { }",
      "    match: { data.a: b, data.c:d }\n",
      /^5:31 without a space after the colon/,
    ],
    ["a colon without space first in { }", "    match: { data.c:d, data.a: b }\n", /^5:20 without a space/],
    [
      "a no-break space behind a colon in { }",
      "    match: { data.a: b, data.c:\u00a0d }\n",
      /^5:32 a no-break space \(U\+00A0\)/,
    ],
    ["a no-break space before a colon in { }", "    match: { data.a\u00a0: b }\n", /^5:20 a no-break space/],
    [
      "a key without a value in { }",
      "    match: { data.a: b, data.c }\n",
      /^5:25 this is a key without a value/,
    ],
    ["a key without a value", "    match:\n      data.a:\n", /^6:14 the value is missing/],
    ["a no-break space at the end", "    content: text\u00a0\n", /^5:18 a no-break space/],
    [
      "a narrow no-break space at the begin",
      "    content: \u202ftext\n",
      /^5:14 a narrow no-break space \(U\+202F\)/,
    ],
    ["a zero-width space at the end", "    content: text\u200b\n", /^5:18 a zero-width space/],
    ["an ideographic space at the end", "    content: text\u3000\n", /^5:18 an ideographic space/],
    ["a no-break space before a comment", "    content: text\u00a0# a comment\n", /^5:18 a no-break space/],
    [
      "a no-break space as indentation",
      "    content: x\n\u00a0\u00a0\u00a0\u00a0match: { data.a: b }\n",
      /^6:1 a no-break space/,
    ],
    [
      "a no-break space as indentation in a block",
      "    content: |\n      a\n      \u00a0\u00a0b\n",
      /^7:7 a no-break space/,
    ],
    ["a no-break space behind a hyphen", "    from:\n      -\u00a0h\n", /^6:8 a no-break space/],
    ["leading zeros", "    match: { data.a: 007 }\n", /^5:22 YAML reads this as the number 7$/],
    [
      "leading zeros outside of match",
      "    budget: 0600\n",
      /^5:13 YAML reads this as a number without its zeros/,
    ],
    ["an octal number", "    match: { data.mode: 0o644 }\n", /^5:25 YAML reads this as the number 420/],
    [
      "a version that loses a digit",
      "    match: { data.version: 1.10 }\n",
      /^5:28 YAML reads this as the number 1.1$/,
    ],
    [
      "a hash that is a number",
      "    match: { data.sha: [1234e5, abcd] }\n",
      /^5:25 YAML reads this as the number 123400000/,
    ],
    ["yes", "    match: { data.draft: yes }\n", /^5:26 this is the text "yes" in YAML 1.2, and not true/],
    [
      "Off in a list",
      "    match: { data.draft: [Off] }\n",
      /^5:27 this is the text "Off" in YAML 1.2, and not false/,
    ],
    [
      "yes in a recipe's change",
      "use:\n  s:\n    recipe: sentry\n    override: { channels: { sentry: { match: { data.x: no } } } }\n",
      /this is the text "no"/,
    ],
    ["an anchor that is not used", "    description: &Ops team\n", /^5:18 the "&" begins a YAML anchor/],
    [
      "an anchor and nothing else",
      "    content: x\n    description: &Ops\n",
      /^6:18 the "&" begins a YAML anchor/,
    ],
    ["items without a space", "    from:\n      -h\n      -i\n", /^6:7 without a space after the hyphen/],
    [
      "a key without a space in a text",
      "    content:\n      hello\n      when:data.x\n",
      /^7:11 without a space after the colon this line is text/,
    ],
    ["a path without a space", "    match:\n      data.a:b\n", /^6:13 without a space after the colon/],
    [
      "headers that differ in case",
      "    match: { headers.X-A: a, headers.x-a: b }\n",
      /differs from another one of its mapping only in capital/,
    ],
    [
      "typographic quotes in match",
      "    match: { data.a: \u201cb\u201d }\n",
      /^5:22 these quotes are a part/,
    ],
    [
      "single typographic quotes",
      "    match: { data.a: [\u2018b\u2019, c] }\n",
      /^5:23 these quotes are a part/,
    ],
    ["quotes inside of quotes", "    match: { data.a: \"'b'\" }\n", /^5:23 the value has quotes inside/],
    [
      "an invisible character",
      "    match: { data.a: fail\u200bure }\n",
      /^5:26 an invisible character \(U\+200B\)/,
    ],
    ["a direction mark", "    match: { data.a: \u200ffail }\n", /^5:22 an invisible character \(U\+200F\)/],
    ["a soft hyphen", "    match: { data.a: { prefix: fail\u00adure } }\n", /^5:36 an invisible character/],
    ["a no-break space between words", "    match: { data.a: to\u00a0do }\n", /^5:24 an invisible character/],
    [
      "a comma after a value",
      "    match:\n      data.a: b,\n      data.c: d\n",
      /^6:16 the "," is a part of the value/,
    ],
    ["a semicolon after a value", "    match:\n      data.a: b;\n", /^6:16 the ";" is a part/],
    ["digits in groups", "    match: { data.n: 1_000 }\n", /^5:22 this is text in YAML 1.2/],
    [
      "a backspace in a regex",
      '    match: { data.a: { regex: "\\bfail\\b" } }\n',
      /^5:32 in double quotes \\b is an escape/,
    ],
    ["a path of Windows", '    content: "C:\\new\\test"\n', /^5:17 in double quotes \\n is an escape/],
    ["a line end in single quotes", "    content: 'one\\ntwo {{data.x}}'\n", /^5:18 only in double quotes/],
    ["a line end without quotes", "    content: one\\ntwo\n", /^5:17 only in double quotes/],
    [
      "two anchors of a name",
      "    content: &a x\n    description: &a y\n    meta: { k: *a }\n",
      /^6:18 a second anchor/,
    ],
  ])("%s", async (_, yaml, expected) => {
    const found = await warningsOf(yaml.startsWith("use:") ? `${top}    content: x\n${yaml}` : top + yaml);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });
});

test("a no-break space that breaks the YAML is the problem that is named", async () => {
  expect(told(await load(`${top}    content: "a"\n\u00a0\u00a0  match: { data.a: b\n`))[0]).toMatch(
    /no-break space|not closed/,
  );
  expect(told(await load(`sources:\n  h:\u00a0{ type: http, path: /h }\n`)).join()).toMatch(/no-break space/);
});

describe("what is meant gives no warning", () => {
  test.each<[string, string]>([
    ["a comment", "    content: text # a comment\n"],
    ["a comment without a space behind what is no text", "    budget: 600 #the limit\n"],
    ["a comment without a space behind a name", "    from: h #the source\n"],
    ["a comment under a key", "    match: #which\n      data.a: b\n"],
    ["commented-out lines", "    content: text\n    # match: { data.a:b, {{x}} }\n    #content: {{x}}\n"],
    ["quotes", "    content: 'PR #{{data.number}}' # {{x}}\n"],
    ["a block", "    content: | # as Markdown\n      # {{data.title}}\n      #12\n"],
    ["a block that begins with an ideographic space", "    content: |\n      \u3000段落\n"],
    ["a no-break space inside of prose", "    content: Prix\u00a0: 10\u00a0€ {{data.x}}\n"],
    ["an address and a time", "    content: see http://x.y/#a at 12:30\n"],
    ["null on purpose", "    match: { data.a: null, data.b: ~ }\n"],
    ["numbers", "    match: { data.a: 1.5, data.b: -1, data.c: 0, data.d: { gt: 1.0 }, data.e: 10 }\n"],
    ["quoted words", "    match: { data.a: 'yes', data.b: \"007\", data.c: true }\n"],
    ["paths that differ in case", "    match: { data.id: a, data.ID: b }\n"],
    ["an anchor and its alias", "    description: &d team\n    content: *d\n"],
    ["a negative number and an option", "    match: { data.a: [-1, -v, --all] }\n"],
    ["lists in [ ]", "    match: { data.a: [a:b, 'c'] }\n"],
    ["tabs between a key and its value", "    content:\ttext\n"],
    ["quotes of prose", "    content: He said \u201cno\u201d\n    description: \u201cthe\u201d team\n"],
    ["quotes of a word", "    match: { data.a: [o'clock, \"it's\", '\"'] }\n"],
    ["commas and semicolons in quotes", "    match: { data.a: ['b,', \"c;\"], data.b: { regex: '[,;]' } }\n"],
    [
      "emoji and joiners",
      "    match: { data.a: \u{1f468}\u200d\u{1f469}\u200d\u{1f467}, data.b: \u2764\ufe0f }\n",
    ],
    [
      "escapes that are read",
      '    content: "one\\ntwo\\tthree \\\\b \\u00a0"\n    match: { data.a: { regex: "\\\\bfail" } }\n',
    ],
    [
      "a path in single quotes",
      "    content: 'in C:\\new \\\\n'\n    match: { data.a: { regex: '\\bfail\\n' } }\n",
    ],
    ["times and numbers", "    match: { data.a: [12:30, 12:30:00, 2026-01-05, 50%, 1_a, v1_000] }\n"],
  ])("%s", async (_, yaml) => {
    expect(await warningsOf(top + yaml)).toEqual([]);
  });

  test("any text in quotes", () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.string(), async (one, other) => {
        const text = `${top}    content: ${JSON.stringify(one)}\n    description: '${other.replace(/'/g, "''").replace(/[^\x20-\x7e]/g, "")}'\n`;
        expect(await warningsOf(text)).toEqual([]);
      }),
      { numRuns: 50 },
    ));
});

test("no value is quoted in a warning outside of match", async () => {
  const { warnings } = await load(`sources:\n  h: { type: http, path: /h, secret: 0123456 }\n`);
  expect(JSON.stringify(warnings)).not.toContain("123456");
});

test("a file full of mistakes gives a few warnings and a count, quickly", async () => {
  const { warnings } = await load(
    `${top}    match: { ${Array.from({ length: 1_500 }, (_, i) => `data.a${i}:b`).join(", ")} }\n`,
  );
  expect(warnings).toHaveLength(26);
  expect(warnings.at(-1)?.message).toBe("and 175 more warnings of this file");
});
