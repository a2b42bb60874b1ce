// Parses Claude's Markdown into runs of text with marks. Syntax without a counterpart in a chat becomes text:
// a heading is bold, a table is set in columns, HTML stays literal. Linear in time for any text: see
// docs/decisions/markdown.md.

import { type Block, type List, parseBlocks } from "./markdown/blocks.ts";
import { type Definitions, type InlineStyle, parseInline, type Run } from "./markdown/inline.ts";

type Marks = readonly InlineStyle[];

/** The maximum length that is parsed as Markdown; the rest is plain text. */
const maxLength = 32_768;
const maxRuns = 5_000;
/** The maximum growth of a table that is set in columns: one wide cell is repeated as spaces in every row. */
const maxStretch = 8;
const narrowColumn = 40;

/** An empty line separates blocks. Never throws: any input is valid text. */
export function parseMarkdown(text: string): Run[] {
  const unix = text.replaceAll("\r\n", "\n");
  if (unix.length > maxLength) return [{ text: unix, marks: [] }];
  const { blocks, definitions } = parseBlocks(unix);
  const writer = createWriter(definitions);
  writer.blocks(blocks, [], "");
  const runs = writer.runs.filter((run) => run.text !== "");
  return runs.length > maxRuns ? [{ text: unix, marks: [] }] : runs;
}

/** The words of a Markdown text alone, without the addresses of its links. */
export function readable(text: string): string {
  return parseMarkdown(text)
    .map((run) => run.text)
    .join("");
}

function createWriter(definitions: Definitions) {
  const runs: Run[] = [];

  function blocks(all: readonly Block[], marks: Marks, indent: string): void {
    for (const [index, block] of all.entries()) {
      if (index > 0) runs.push({ text: "\n\n", marks: marks.filter(({ kind }) => kind === "quote") });
      writeBlock(block, marks, indent);
    }
  }

  function writeBlock(block: Block, marks: Marks, indent: string): void {
    switch (block.kind) {
      case "heading":
        inline(block.text, [...marks, { kind: "bold" }], indent);
        break;
      case "paragraph":
        inline(block.text, marks, indent);
        break;
      case "code": {
        const [language] = /^[\w+#.-]{0,20}/.exec(block.language) as unknown as [string];
        runs.push({ text: block.text, marks: [...marks, { kind: "pre", language }] });
        break;
      }
      case "quote":
        blocks(block.blocks, quoted(marks), indent);
        break;
      case "list":
        list(block, marks, indent);
        break;
      case "table":
        runs.push({
          text: columns([block.header, ...block.rows].map((row) => row.map(words))),
          marks: [...marks, { kind: "pre", language: "" }],
        });
        break;
      case "rule":
        runs.push({ text: "———", marks });
        break;
      case "html":
        runs.push({ text: block.text, marks });
    }
  }

  function list({ start, isLoose, items }: List, marks: Marks, indent: string): void {
    for (const [index, { task, blocks: inside }] of items.entries()) {
      if (index > 0) runs.push({ text: isLoose ? "\n\n" : "\n", marks });
      const sign = start !== undefined ? `${start + index}. ` : task === undefined ? "• " : "";
      const box = task === undefined ? "" : task === "done" ? "☑ " : "☐ ";
      runs.push({ text: `${indent}${sign}${box}`, marks });
      const deeper = `${indent}${" ".repeat(Math.max(2, sign.length))}`;
      for (const [part, block] of inside.entries()) {
        if (part > 0) runs.push({ text: "\n", marks });
        writeBlock(block, marks, deeper);
      }
    }
  }

  function inline(text: string, marks: Marks, indent: string): void {
    for (const run of parseInline(text, definitions)) {
      runs.push({
        text: indent === "" ? run.text : run.text.replaceAll("\n", `\n${indent}`),
        marks: marks.length === 0 ? run.marks : [...marks, ...run.marks],
      });
    }
  }

  const words = (text: string) =>
    parseInline(text, definitions)
      .map((run) => run.text)
      .join("");

  return { runs, blocks };
}

function quoted(marks: Marks): Marks {
  return marks.some(({ kind }) => kind === "quote") ? marks : [...marks, { kind: "quote" }];
}

/** Aligns cells in columns, within reason. */
function columns(rows: readonly (readonly string[])[]): string {
  const widest: number[] = [];
  let length = 0;
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widest[column] = Math.max(widest[column] ?? 0, cell.length);
      length += cell.length + 2;
    }
  }
  const stretched = rows.length * widest.reduce((sum, width) => sum + width, 0);
  const widths =
    stretched <= maxStretch * length ? widest : widest.map((width) => Math.min(width, narrowColumn));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [lines[0], widths.map((width) => "-".repeat(width)).join("  "), ...lines.slice(1)].join("\n");
}

export type { InlineStyle, Run } from "./markdown/inline.ts";
