// Markdown to runs of text with their marks, and that no text takes long.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type InlineStyle, parseMarkdown, readable } from "../../src/chat/markdown.ts";
import { discordMarkdown, plain, slackMrkdwn, telegramHtml } from "../../src/chat/markup.ts";
import { type PartLimit, splitMessage, splitText } from "../../src/chat/split-message.ts";
import { expectNoBlock } from "../support/loop-watchdog.ts";

const signs = { bold: "b", italic: "i", strike: "s", code: "c", quote: "q", pre: "p", link: "a" } as const;
const nameOf = (mark: InlineStyle) =>
  mark.kind === "link"
    ? `a(${mark.bare ? "" : mark.href})`
    : mark.kind === "pre" && mark.language !== ""
      ? `p(${mark.language})`
      : signs[mark.kind];

/** `{b i:text}` for each stretch with marks. */
function shown(text: string): string {
  const stretches: { text: string; names: string }[] = [];
  for (const run of parseMarkdown(text)) {
    const names = run.marks.map(nameOf).join(" ");
    const last = stretches.at(-1);
    if (last?.names === names) last.text += run.text;
    else stretches.push({ text: run.text, names });
  }
  return stretches.map((one) => (one.names === "" ? one.text : `{${one.names}:${one.text}}`)).join("");
}

describe("within a paragraph", () => {
  it.each([
    ["*a* _b_ **c** __d__ ***e***", "{i:a} {i:b} {b:c} {b:d} {i b:e}"],
    ["**a *b* c** *a **b** c*", "{b:a }{b i:b}{b: c} {i:a }{i b:b}{i: c}"],
    ["snake_case_name 2*3*4 a*b*c", "snake_case_name 2{i:3}4 a{i:b}c"],
    ["* a* *a * **a", "• a* *a * **a"],
    ["a ** b ** c", "a ** b ** c"],
    ["*(a)* **(b)**c", "{i:(a)} **(b)**c"],
    ["**a**b *c*d", "{b:a}b {i:c}d"],
    ["*a**b*", "{i:a**b}"],
    ["~~a~~ ~b~ ~~~c", "{s:a} {s:b} ~~~c"],
    ["`a` ``b ` c`` ` d `", "{c:a} {c:b ` c} {c:d}"],
    ["`a ``b` c", "{c:a ``b} c"],
    ["``a` b", "``a` b"],
    ["\\*a\\* \\`b\\` \\a", "*a* `b` \\a"],
    ["a  \nb\\\nc", "a\nb\nc"],
    ["[a](https://x.example)", "{a(https://x.example):a}"],
    ['[a *b*](</c d> "title") [e](f(g)h)', "{a(/c d):a }{a(/c d) i:b} {a(f(g)h):e}"],
    ["[a [b](c) d](e)", "[a {a(c):b} d](e)"],
    ["[a](b c) [a] [a]( [](x)", "[a](b c) [a] [a]( "],
    ["*[a*](b)", "*{a(b):a*}"],
    ["![a *b*](c) ![](d)", "{a(c):a *b*} {a():d}"],
    ["[![a](b)](c)", "{a(c):a}"],
    [
      "[a][b] [b] [B][] [c]\n\n[b]: <https://x.example> 'title'",
      "{a(https://x.example):a} {a(https://x.example):b} {a(https://x.example):B} [c]",
    ],
    ["<https://x.example> <a@b.example>", "{a():https://x.example} {a():a@b.example}"],
    [
      "see https://x.example/a_b_c?d=(e). (http://y.example) xhttps://z.example",
      "see {a():https://x.example/a_b_c?d=(e)}. ({a():http://y.example}) xhttps://z.example",
    ],
    [
      "**https://x.example** www.x.example, a.b@c.example!",
      "{b a():https://x.example} {a(http://www.x.example):www.x.example}, {a():a.b@c.example}!",
    ],
    ["[https://x.example](https://x.example)", "{a():https://x.example}"],
    ["<b>a</b> <!-- *b* --> a<b *c* <", "<b>a</b> <!-- *b* --> a<b {i:c} <"],
    ["&amp; & <i title='*'>*a*</i>", "&amp; & <i title='*'>{i:a}</i>"],
    ["👋*a*👋 **好**的", "👋{i:a}👋 {b:好}的"],
  ])("%j", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });
});

describe("blocks", () => {
  it.each([
    ["# a\n## *b* ##\n####### c", "{b:a}\n\n{b i:b}\n\n####### c"],
    ["a\nb\n===\nc\n---", "{b:a\nb}\n\n{b:c}"],
    ["a\n\n\nb\n***\nc", "a\n\nb\n\n———\n\nc"],
    ["```ts\na *b*\n\n  c\n```\nd", "{p(ts):a *b*\n\n  c}\n\nd"],
    ["~~~\n```\n~~~\n````\n```\n````", "{p:```}\n\n{p:```}"],
    ["```\nnever closed", "{p:never closed}"],
    ["a\n\n    b\n\n      c\n", "a\n\n{p:b\n\n  c}"],
    ["> a\nlazy\n> > b\n\nc", "{q:a\nlazy\n\nb}\n\nc"],
    ["> - a\n> - b\n>\n> c", "{q:• a\n• b\n\nc}"],
    ["- a\n- b\n  - c\n\n    d\n- e", "• a\n• b\n  • c\nd\n• e"],
    ["3. a\n4. b\n\n* c\n\n* d", "3. a\n4. b\n\n• c\n\n• d"],
    ["a\n- b\n2. c", "a\n\n• b\n\n2. c"],
    ["- a\n\n      code", "• a\n{p:code}"],
    ["1. ```js\n   a\n   ```\n2. > b", "1. {p(js):a}\n2. {q:b}"],
    ["- [x] done\n- [ ] open\n- [y] no", "☑ done\n☐ open\n• [y] no"],
    ["| a | b |\n|---|:-:|\n| 1 | \\| *2* |\n| 3 |\n\nc", "{p:a  b\n-  ---\n1  | 2\n3}\n\nc"],
    ["a | b\n--|--\nc", "{p:a  b\n-  -\nc}"],
    ["| a |\n| b |", "| a |\n| b |"],
    ["<div>\n*a*\n</div>\n\n*b*", "<div>\n*a*\n</div>\n\n{i:b}"],
    ["<!--\n\n*a* -->\n*b*", "<!--\n\n*a* -->\n\n{i:b}"],
    [
      "[a]: https://x.example\n[b]:\n  https://y.example\n[a] [b]",
      "{a(https://x.example):a} {a(https://y.example):b}",
    ],
    ["- - -\n- a\n---", "———\n\n• a\n\n———"],
    ["-\ta\n\t- b", "• a\n  • b"],
    ["a\r\nb\r\n\r\nc", "a\nb\n\nc"],
    ["", ""],
    [" \n\t\n ", ""],
  ])("%j", (text, expected) => {
    expect(shown(text).replaceAll(/ +(?=\n)/g, "")).toBe(expected);
  });
});

it("gives the words of a text without its marks", () => {
  expect(readable("**a** [b](https://x.example) `c`\n\n> d")).toBe("a b c\n\nd");
});

it("loses no word, whatever stands around it", () => {
  const pieces = fc.constantFrom(
    ..."** * _ ~~ ` ``` [ ] ( ) ![ < > | # - \n \n\n \\ 1. & ~ ! : = + \t".split(" "),
    " ",
    "\n    ",
    "\n> ",
    "\n- ",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
      const text = parts.map((part, index) => `${part}w${index}x`).join("");
      const gone = parseMarkdown(text).flatMap(({ text: one, marks }) => [
        one,
        ...marks.map((mark) => (mark.kind === "link" ? mark.href : mark.kind === "pre" ? mark.language : "")),
      ]);
      const left = gone.join(" ");
      // What a definition says is not shown, nor are titles of links and information about code.
      if (/^\s*\[.*\]:|```|~~~|"|'/m.test(text)) return;
      for (const [index] of parts.entries()) expect(left).toContain(`w${index}x`);
    }),
    { numRuns: 500 },
  );
});

const length = 100_000;
const times = (piece: string) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
const pieces = [
  ..."_a* *a_ * _ ** a**b *a ~~a ~ ` `a ``a` [ ] [] []( [a]( [a](< [a](b ![ ![a] [a][ ( ) <".split(" "),
  ..."<a <a b=' <!-- <!- </ <? <![CDATA[ <a: <a@b <div> <script> > >> # ## | |a| \\ \\* & &amp; http:// www. a@ a@b. a. \t - + 1. : = 😀 a\u0301 \u200b".split(
    " ",
  ),
  "- ",
  "- a\n",
  "- a\n\n",
  "1. a\n",
  "1. ",
  "> ",
  ">\n",
  "> **a**\n",
  "* ",
  "* * *\n",
  "- - \n",
  "# a\n",
  "a\n=\n",
  "    a\n",
  "```\n",
  "~~~\na\n",
  "|a|\n|-|\n",
  "|-",
  "[a]: b\n",
  "[a]: b\n[a]",
  "<div>\n",
  "<b>a</b>",
  " \n",
  "a  \n",
  "a\\\n",
  "*a* ",
  "**a** ",
  "`a` ",
  "[a](http://b) ",
  "**a *b ",
  "*_`[<~!|>#-",
  "http://a.b ",
  "http://a.b(",
  "word ",
  "w",
  "\n",
  " ",
];
const hostile: [string, string][] = [
  ...pieces.map((piece): [string, string] => [JSON.stringify(piece), times(piece)]),
  ["a wide cell above many rows", `|${"a".repeat(20_000)}|b|\n|-|-|\n${"|a|b|\n".repeat(2_000)}`],
  ["a table of a thousand columns", `${"|a".repeat(5_000)}|\n${"|-".repeat(5_000)}|\n${"|b".repeat(5_000)}|`],
  [
    "lists in each other",
    Array.from({ length: 400 }, (_, depth) => `${" ".repeat(2 * depth)}- a`).join("\n"),
  ],
  ["delimiters around each other", `${"*".repeat(16_000)}a${"*".repeat(16_000)}`],
  ["brackets around each other", `${"[".repeat(16_000)}a${"](b)".repeat(4_000)}`],
  [
    "ten thousand definitions",
    Array.from({ length: 3_000 }, (_, n) => `[a${n}]: b`).join("\n") + "[a1]".repeat(900),
  ],
];
const limits: [string, typeof plain, PartLimit][] = [
  ["telegram", telegramHtml, { max: 4_096, unit: "characters", counts: "text" }],
  ["discord", discordMarkdown, { max: 2_000, unit: "characters", counts: "markup" }],
  ["slack", slackMrkdwn, { max: 3_000, unit: "bytes", counts: "markup" }],
  ["plain", plain, { max: 500, unit: "bytes", counts: "markup" }],
];

describe("no text blocks the event loop, as long as Markdown is read and as long as the tools take it", () => {
  it.each(hostile)("%s", async (_, text) => {
    for (const one of [text.slice(0, 32_768), text]) {
      await expectNoBlock(() => parseMarkdown(one));
      for (const [, markup, limit] of limits) await expectNoBlock(() => splitMessage(one, markup, limit));
      await expectNoBlock(() => splitText(one, { max: 1_000, unit: "characters" }));
    }
  });
});
