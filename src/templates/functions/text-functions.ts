// Functions on text: case, cutting, replacing, and the Markdown shapes code, quote and indent.

import { posix } from "node:path";
import { firstCharacters } from "../../text/clip.ts";
import { maxOutputLength } from "../limits.ts";
import { type TemplateFunctions, textOf, wholeOf } from "./template-function.ts";

const manyCharacters = 1_000_000;

export const textFunctions: TemplateFunctions = {
  upper: { usage: "upper text", takes: [1, 1], call: ([text]) => textOf(text).toUpperCase() },
  lower: { usage: "lower text", takes: [1, 1], call: ([text]) => textOf(text).toLowerCase() },
  trim: { usage: "trim text", takes: [1, 1], call: ([text]) => textOf(text).trim() },
  truncate: {
    usage: "truncate text 80",
    takes: [2, 2],
    call([text, length]) {
      const all = textOf(text);
      const most = wholeOf(length, 80, 0, manyCharacters);
      if (all.length <= most) return all;
      const kept = firstCharacters(all, most);
      if (kept.length === all.length || most === 0) return kept;
      return `${firstCharacters(all, most - 1).trimEnd()}…`;
    },
  },
  lines: {
    usage: "lines text 5",
    takes: [2, 2],
    call([text, count]) {
      const all = textOf(text)
        .replace(/\r?\n$/, "")
        .split(/\r?\n/);
      const most = wholeOf(count, 5, -manyCharacters, manyCharacters);
      const kept = most >= 0 ? all.slice(0, most) : all.slice(most);
      return kept.join("\n");
    },
  },
  replace: {
    usage: 'replace text "from" "to"',
    takes: [3, 3],
    call([text, from, to]) {
      const searched = textOf(from);
      if (searched === "") return textOf(text);
      const pieces = textOf(text).split(searched);
      const replacement = textOf(to);
      if (pieces.length * replacement.length > maxOutputLength) {
        throw new Error("replace makes a text of more than 1 MiB");
      }
      return pieces.join(replacement);
    },
  },
  url: {
    usage: "url text",
    takes: [1, 1],
    call: ([text]) => encodeURIComponent(textOf(text).toWellFormed()),
  },
  code: {
    usage: 'code text "json"',
    takes: [1, 2],
    call([text, language]) {
      const all = textOf(text).replace(/\r?\n$/, "");
      if (all === "") return "";
      const ticks = Array.from(all.matchAll(/`+/g), (run) => run[0].length);
      const longest = ticks.reduce((most, length) => Math.max(most, length), 0);
      if (language === undefined && !all.includes("\n")) {
        const fence = "`".repeat(longest + 1);
        const pad = all.startsWith("`") || all.endsWith("`") ? " " : "";
        return fence + pad + all + pad + fence;
      }
      const fence = "`".repeat(Math.max(3, longest + 1));
      return `${fence}${textOf(language)}\n${all}\n${fence}`;
    },
  },
  indent: {
    usage: "indent text 2",
    takes: [1, 2],
    call([text, width]) {
      const pad = " ".repeat(wholeOf(width, 2, 0, 40));
      return textOf(text).replace(/^(?=.)/gm, pad);
    },
  },
  quote: {
    usage: "quote text",
    takes: [1, 1],
    call([text]) {
      const all = textOf(text).replace(/\r?\n$/, "");
      return all === "" ? "" : `> ${all.replaceAll("\n", "\n> ")}`;
    },
  },
  basename: { usage: "basename path", takes: [1, 1], call: ([path]) => posix.basename(textOf(path)) },
  dirname: { usage: "dirname path", takes: [1, 1], call: ([path]) => posix.dirname(textOf(path)) },
  sha: {
    usage: "sha commit",
    takes: [1, 2],
    call([commit, length]) {
      const id = textOf(commit);
      return /^[0-9a-f]{12,}$/i.test(id) ? id.slice(0, wholeOf(length, 7, 4, 64)) : id;
    },
  },
};
