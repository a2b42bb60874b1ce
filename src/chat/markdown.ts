// Markdown, as Claude writes it, to runs of text with their marks. What has no counterpart in a chat becomes text: a heading
// is bold, a table is set in columns, HTML is what was written.

import { lexer, type Token, type Tokens } from "marked";

/** One mark is one object: runs side by side that share it are one stretch of it. */
export type Mark =
  | { readonly kind: "bold" | "italic" | "strike" | "code" | "quote" }
  /** A block of code. */
  | { readonly kind: "pre"; readonly language: string }
  /** `bare`: what it shows is the address itself. */
  | { readonly kind: "link"; readonly href: string; readonly bare: boolean };

export interface Run {
  readonly text: string;
  /** Outermost first. Nothing is inside `code` and `pre`, and no quote is in a quote. */
  readonly marks: readonly Mark[];
}

type Marks = readonly Mark[];

/** Blocks are an empty line apart. Never throws: whatever it is, it is text. */
export function parseMarkdown(text: string): Run[] {
  const unix = text.replaceAll("\r\n", "\n");
  const runs: Run[] = [];
  try {
    writeBlocks(lexer(unix), [], "", runs);
  } catch {
    // Ten thousand quotes in each other are too deep for the parser's stack.
    return [{ text: unix, marks: [] }];
  }
  return runs.filter((run) => run.text !== "");
}

/** The words of a Markdown text alone, without the addresses of its links. */
export function readable(text: string): string {
  return parseMarkdown(text)
    .map((run) => run.text)
    .join("");
}

function writeBlocks(tokens: readonly Token[], marks: Marks, indent: string, runs: Run[]): void {
  const blocks = tokens.filter(({ type }) => type !== "space" && type !== "def");
  for (const [index, token] of blocks.entries()) {
    if (index > 0) runs.push({ text: "\n\n", marks: marks.filter(({ kind }) => kind === "quote") });
    writeBlock(token, marks, indent, runs);
  }
}

function writeBlock(token: Token, marks: Marks, indent: string, runs: Run[]): void {
  switch (token.type) {
    case "heading":
      writeInline(token.tokens ?? [], [...marks, { kind: "bold" }], indent, runs);
      break;
    case "code":
      runs.push({
        text: (token as Tokens.Code).text,
        marks: [
          ...marks,
          { kind: "pre", language: /^[\w+#.-]{0,20}/.exec((token as Tokens.Code).lang ?? "")![0] },
        ],
      });
      break;
    case "blockquote":
      writeBlocks(token.tokens ?? [], quoted(marks), indent, runs);
      break;
    case "list":
      writeList(token as Tokens.List, marks, indent, runs);
      break;
    case "table":
      runs.push({ text: columns(token as Tokens.Table), marks: [...marks, { kind: "pre", language: "" }] });
      break;
    case "hr":
      runs.push({ text: "———", marks });
      break;
    case "paragraph":
    case "text":
      writeInline(token.tokens ?? [{ ...token, tokens: undefined } as Token], marks, indent, runs);
      break;
    default:
      runs.push({ text: token.raw.trim(), marks });
  }
}

function quoted(marks: Marks): Marks {
  return marks.some(({ kind }) => kind === "quote") ? marks : [...marks, { kind: "quote" }];
}

function writeList(list: Tokens.List, marks: Marks, indent: string, runs: Run[]): void {
  for (const [index, item] of list.items.entries()) {
    if (index > 0) runs.push({ text: list.loose ? "\n\n" : "\n", marks });
    const sign = list.ordered ? `${Number(list.start || 1) + index}. ` : item.task ? "" : "• ";
    runs.push({ text: `${indent}${sign}`, marks });
    const deeper = `${indent}${" ".repeat(Math.max(2, sign.length))}`;
    const parts = item.tokens.filter(({ type }) => type !== "space");
    for (const [part, token] of parts.entries()) {
      if (token.type === "checkbox") {
        runs.push({ text: (token as { checked?: boolean }).checked === true ? "☑ " : "☐ ", marks });
        continue;
      }
      if (part > 0 && parts[part - 1]?.type !== "checkbox") runs.push({ text: "\n", marks });
      writeBlock(token, marks, deeper, runs);
    }
  }
}

function writeInline(tokens: readonly Token[], marks: Marks, indent: string, runs: Run[]): void {
  for (const token of tokens) {
    const inner = "tokens" in token ? (token.tokens as readonly Token[] | undefined) : undefined;
    const inside = (mark: Mark) => writeInline(inner ?? [], [...marks, mark], indent, runs);
    switch (token.type) {
      case "strong":
        inside({ kind: "bold" });
        break;
      case "em":
        inside({ kind: "italic" });
        break;
      case "del":
        inside({ kind: "strike" });
        break;
      case "link":
        inside(linkTo(token as Tokens.Link));
        break;
      case "image": {
        const { text, href } = token as Tokens.Image;
        runs.push({
          text: text === "" ? href : text,
          marks: [...marks, { kind: "link", href, bare: text === "" }],
        });
        break;
      }
      case "codespan":
        runs.push({ text: (token as Tokens.Codespan).text, marks: [...marks, { kind: "code" }] });
        break;
      case "br":
        runs.push({ text: `\n${indent}`, marks });
        break;
      case "text":
      case "escape":
        if (inner !== undefined) writeInline(inner, marks, indent, runs);
        else runs.push({ text: (token as Tokens.Text).text.replaceAll("\n", `\n${indent}`), marks });
        break;
      default:
        runs.push({ text: token.raw, marks });
    }
  }
}

function linkTo({ href, text }: Pick<Tokens.Link, "href" | "text">): Mark {
  return { kind: "link", href, bare: href === text || href === `mailto:${text}` };
}

/** Cells under each other; inside them only their text counts. */
function columns({ header, rows }: Tokens.Table): string {
  const table = [header, ...rows].map((row) => row.map((cell) => textOf(cell.tokens)));
  const widths = header.map((_, column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [lines[0], widths.map((width) => "-".repeat(width)).join("  "), ...lines.slice(1)].join("\n");
}

function textOf(tokens: readonly Token[]): string {
  const runs: Run[] = [];
  writeInline(tokens, [], "", runs);
  return runs.map(({ text }) => text).join("");
}
