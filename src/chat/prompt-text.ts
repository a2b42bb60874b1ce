// A permission prompt as runs of text for a platform's markup, and as plain text without markup: text by a
// model is in blocks, everything else is the router's.

import type { PromptLine, PromptText } from "../contract/chat.ts";
import { ConnectorError } from "../errors.ts";
import type { Run } from "./markdown.ts";

/** For `writeMarkup`: the title in bold, each quoted text a block of code, names as code. */
export function promptRuns({ title, quoted, foot }: PromptText): Run[] {
  const bold = { kind: "bold" } as const;
  return [
    ...lineRuns(title).flatMap(({ text, marks }): Run[] => {
      if (marks.length > 0) return [{ text, marks }];
      // Some platforms recognise a mark only directly after a word.
      const words = text.trimEnd();
      return [
        { text: words, marks: [bold] },
        { text: text.slice(words.length), marks: [] },
      ];
    }),
    ...quoted.flatMap((text): Run[] => [
      { text: "\n", marks: [] },
      { text, marks: [{ kind: "pre", language: "" }] },
    ]),
    ...foot.flatMap((line): Run[] => [{ text: "\n", marks: [] }, ...lineRuns(line)]),
  ];
}

function lineRuns(line: PromptLine): Run[] {
  return line.map((part) =>
    typeof part === "string"
      ? { text: part, marks: [] }
      : { text: codeText(part.code), marks: [{ kind: "code" } as const] },
  );
}

/** A tick would end the code on some platforms, and cannot be escaped there. */
function codeText(text: string): string {
  return text.replaceAll("`", "ˋ");
}

/** Throws a ConnectorError: a prompt is never cut to the platform's limit. */
export function wholePrompt(written: string, max: number): string {
  if (written.length <= max) return written;
  throw new ConnectorError("E_CHAT", `the prompt has ${written.length} characters; one message takes ${max}`);
}

/** Without markup: each line of a quoted text begins with a bar. */
export function plainPrompt(prompt: PromptText): string {
  return join(prompt, (text) => `│ ${text.replaceAll("\n", "\n│ ")}`);
}

/**
 * The same for programs that wrap long lines, where the rest of a line would lack its bar: lines are broken
 * before that. Rare scripts of unknown width are written as their code points.
 */
export function narrowPrompt(prompt: PromptText): string {
  return join(prompt, (text) =>
    wrapped(text.replaceAll(unusual, codePoint))
      .map((line) => `${bar}${line}`)
      .join("\n"),
  );
}

/** Followed by a mark that keeps the bar on the left of right-to-left text. */
const bar = "│\u200E ";

function join({ title, quoted, foot }: PromptText, block: (text: string) => string): string {
  return [
    plainLine(title),
    ...quoted.map(block),
    ...(foot.length > 0 ? ["", ...foot.map(plainLine)] : []),
  ].join("\n");
}

function plainLine(line: PromptLine): string {
  return line.map((part) => (typeof part === "string" ? part : part.code)).join("");
}

/** A phone shows about thirty letters of usual size on a line. */
const lineWidth = 26;
const usualScripts = "Latin Greek Cyrillic Hebrew Arabic Han Hiragana Katakana Hangul Thai Devanagari".split(
  " ",
);
const unusual = new RegExp(
  `[^\\n\\x20-\\x7E${usualScripts.map((script) => `\\p{Script=${script}}`).join("")}\\p{Emoji}\\p{M}\\p{Sc}` +
    "\\u00A1-\\u00BF\\u2010-\\u2027\\u2030-\\u205E\\u2190-\\u21FF\\u2500-\\u257F\\u22EF\\u3000-\\u303F\\uFF01-\\uFF5E]" +
    "|[\\u2E3A\\u2E3B\\uFDF0-\\uFDFF]",
  "gu",
);

function codePoint(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16).toUpperCase()}}`;
}

function wrapped(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const lines: string[] = [];
    let from = 0;
    let width = 0;
    let at = 0;
    for (const character of line) {
      const more = widthOf(character);
      if (width + more > lineWidth) {
        lines.push(line.slice(from, at));
        from = at;
        width = 0;
      }
      width += more;
      at += character.length;
    }
    return [...lines, line.slice(from)];
  });
}

/** In letters of usual size, rounded up. */
function widthOf(character: string): number {
  if (/^[a-z0-9 .,:;'"!|()[\]{}/\\_*^~`$?<>=+-]$/.test(character)) return /[mw]/.test(character) ? 1.6 : 1;
  if (/^[\x21-\x7E]$/.test(character)) return 1.6;
  if (/^\p{M}$/u.test(character)) return 0;
  return /^[\u00A1-\u024F\u1E00-\u1EFF\p{Script=Greek}\p{Script=Cyrillic}]$/u.test(character) ? 1.6 : 2.5;
}
