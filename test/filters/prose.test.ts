// What of a Markdown text is prose, and that any text takes little time.

import fc from "fast-check";
import { expect, test } from "vitest";
import { proseOf } from "../../src/filters/prose.ts";
import { processorTime } from "../support/processor-time.ts";

const word = "@octocat";

test.each([
  ["a quote", `> ${word}`],
  ["a quote in a quote", `> a\n> > ${word}`],
  ["a quote in a list", `- a\n  > ${word}`],
  ["a line that goes on with a quote", `> a\n${word}`],
  ["a code span", `\`${word}\``],
  ["a code span over two lines", `\`a\n${word}\``],
  ["a code span of two backticks", `\`\`a \` ${word}\`\``],
  ["a fence", `\`\`\`js\n${word}\n\`\`\``],
  ["a fence without an end", `~~~\n${word}\n\n${word}`],
  ["a fence in a list", `1. \`\`\`\n   ${word}\n   \`\`\``],
  ["a shorter fence inside", `\`\`\`\`\n\`\`\`\n${word}\n\`\`\`\`\n`],
  ["indented code", `a\n\n    ${word}`],
  ["an HTML comment", `a <!-- ${word}\n --> b`],
  ["an HTML comment over paragraphs", `<!--\n\n${word}\n\n-->`],
  ["an HTML comment without an end", `<!-- a\n\n${word}`],
  ["quotes and code in HTML", `<blockquote>${word}</blockquote><pre>\n${word}\n</pre><code>${word}</code>`],
  ["indented code in a list", `- a\n\n      ${word}`],
  ["indented code in a list within a list", `1. a\n   - b\n\n\t\t ${word}`],
  ["other quotes and code in HTML", `<q>${word}</q> <tt>${word}</tt> <var>${word}</var>`],
  ["the title of a link or a picture", `![a](b "${word}") [a](b\n  '${word}' )`],
  ["an attribute", `<a title="${word}">x</a>`],
  ["an address", `https://example.com/${word} [a](mailto:${word})`],
])("%s is no prose", (_, text) => {
  expect(proseOf(text)).not.toContain(word);
  expect(proseOf(`before\n\n${text}`)).toContain("before");
});

test.each([
  ["a word", word],
  ["after a quote", `> a\n\n${word}`],
  ["after a fence", `\`\`\`\na\n\`\`\`\n${word}`],
  ["after a list's quote", `> a\n- ${word}`],
  ["a backtick without another", `a \` ${word}`],
  ["escaped backticks", `\\\`${word}\\\``],
  ["a list", `- a\n\n    ${word}`],
  ["a paragraph in a list within a list", `1. a\n   - b\n\n     ${word}`],
  ["quotes in parentheses", `(see [a](b) "${word}")`],
  ["a tag", `<b>${word}</b>`],
  ["after a comment", `<!-- a -->${word}`],
  ["text with a line break of Windows", `> a\r\n\r\n${word}`],
])("%s is prose", (_, text) => {
  expect(proseOf(text)).toContain(word);
});

test("takes little time, whatever the text", () => {
  const parts = [
    "`",
    "``",
    "```",
    "<",
    "<!--",
    "-->",
    ">",
    "](",
    '](a "',
    '")',
    "'",
    " ",
    "://",
    "\\",
    "\n",
    "\n\n",
    "    ",
    "- ",
    "<code>",
    "a",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 12 }), (some) => {
      const text = some.join("").repeat(Math.ceil(60_000 / some.join("").length));
      const took = processorTime();
      proseOf(text);
      expect(took()).toBeLessThan(1_500);
    }),
    { numRuns: 60 },
  );
});
