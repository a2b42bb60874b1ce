// The blocks of a Markdown text: paragraphs, headings, lists, quotes, code, tables (CommonMark 0.31.2,
// section 4 and 5, and GitHub's tables and tasks). Works on whole lines; the content of a quote or an item is
// parsed the same way, without the marks of its container, so that the time is the length of the text times
// the depth, which is bounded.

import { type Definitions, plainLabel } from "./inline.ts";
import { type Item, isHtmlStart, isRule, itemAt, tableRow } from "./lines.ts";
import { definitionIn } from "./links.ts";

export type Block =
  | { readonly kind: "heading" | "paragraph" | "html"; readonly text: string }
  | { readonly kind: "code"; readonly text: string; readonly language: string }
  | { readonly kind: "quote"; readonly blocks: readonly Block[] }
  | { readonly kind: "rule" }
  | {
      readonly kind: "table";
      readonly header: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | List;

export interface List {
  readonly kind: "list";
  /** Of the first item; undefined without numbers. */
  readonly start: number | undefined;
  readonly isLoose: boolean;
  readonly items: readonly ListItem[];
}

export interface ListItem {
  readonly task: "done" | "open" | undefined;
  readonly blocks: readonly Block[];
}

export interface Document {
  readonly blocks: readonly Block[];
  readonly definitions: Definitions;
}

/** Deeper nested quotes and lists are text. */
const maxDepth = 12;

export function parseBlocks(text: string): Document {
  const definitions = new Map<string, string>();
  const lines = text.replace(/\n$/, "").split("\n").map(withoutTabs);
  return { blocks: readBlocks(lines, definitions, 0).blocks, definitions };
}

/** Leading tabs advance to the next column of four. */
function withoutTabs(line: string): string {
  if (!line.includes("\t")) return line;
  const [white = ""] = /^[ \t]*/.exec(line) as unknown as [string];
  let columns = 0;
  for (const one of white) columns += one === "\t" ? 4 - (columns % 4) : 1;
  return " ".repeat(columns) + line.slice(white.length);
}

interface Inner {
  readonly blocks: readonly Block[];
  /** Whether an empty line separates two of them. */
  readonly isLoose: boolean;
}

function readBlocks(lines: readonly string[], definitions: Map<string, string>, depth: number): Inner {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  let at = 0;
  let isBlankBefore = false;
  let isLoose = false;

  function endParagraph(): void {
    if (paragraph.length > 0) add({ kind: "paragraph", text: paragraph.join("\n").trimEnd() });
    paragraph = [];
  }

  function add(block: Block): void {
    if (isBlankBefore && blocks.length > 0) isLoose = true;
    isBlankBefore = false;
    blocks.push(block);
  }

  /** A block that may begin on this line in any context; `at` is moved past it. */
  function begin(line: string): boolean {
    const indent = indentOf(line);
    if (indent >= 4) return paragraph.length === 0 && indented();
    const sign = line[indent] as string;
    if ((sign === "`" || sign === "~") && fenced(line)) return true;
    if (sign === "#" && heading(line)) return true;
    if ((sign === "=" || sign === "-") && paragraph.length > 0 && underline(line)) return true;
    if (isRule(line)) return one({ kind: "rule" });
    if (sign === ">" && depth < maxDepth) return quote();
    const item = depth < maxDepth ? itemAt(line) : undefined;
    if (item !== undefined && (paragraph.length === 0 || interrupts(item))) return list(item);
    if (sign === "<" && isHtmlStart(line, paragraph.length === 0)) return html(line);
    if (line.includes("|") && table(line)) return true;
    return sign === "[" && paragraph.length === 0 && definition(line);
  }

  function one(block: Block): true {
    endParagraph();
    add(block);
    at += 1;
    return true;
  }

  function heading(line: string): boolean {
    const found = /^ {0,3}#{1,6}(?:[ \t]+|$)/.exec(line)?.[0];
    if (found === undefined) return false;
    const text = line.slice(found.length).trim();
    const closing = /#+$/.exec(text.slice(-100))?.[0].length ?? 0;
    const kept = text.slice(0, text.length - closing);
    return one({
      kind: "heading",
      text: closing > 0 && (kept === "" || /\s$/.test(kept)) ? kept.trim() : text,
    });
  }

  function underline(line: string): boolean {
    const text = line.trim();
    if (text.replaceAll(text[0] as string, "") !== "") return false;
    const block = { kind: "heading", text: paragraph.join("\n").trim() } as const;
    paragraph = [];
    return one(block);
  }

  function fenced(line: string): boolean {
    const found = /^( {0,3})(`{3,}|~{3,})[ \t]*(.*)$/.exec(line);
    if (found === null) return false;
    const [, { length: indent } = "", fence = "", info = ""] = found;
    if (fence.startsWith("`") && info.includes("`")) return false;
    endParagraph();
    const end = closing(fence);
    const inside = lines.slice(at + 1, end).map((each) => each.slice(Math.min(indent, indentOf(each))));
    at = end + 1;
    add({ kind: "code", text: inside.join("\n"), language: info.trim() });
    return true;
  }

  function closing(fence: string): number {
    let end = at + 1;
    for (; end < lines.length; end++) {
      const line = (lines[end] as string).trim();
      if (line.length < fence.length || line[0] !== fence[0] || indentOf(lines[end] as string) > 3) continue;
      if (line.replaceAll(fence[0] as string, "") === "") break;
    }
    return end;
  }

  function indented(): boolean {
    let end = at;
    for (let next = at; next < lines.length; next++) {
      const line = lines[next] as string;
      if (indentOf(line) >= 4) end = next + 1;
      else if (line.trim() !== "") break;
    }
    if (end === at) return false;
    add({
      kind: "code",
      text: lines
        .slice(at, end)
        .map((line) => line.slice(4))
        .join("\n"),
      language: "",
    });
    at = end;
    return true;
  }

  function quote(): boolean {
    endParagraph();
    const inside: string[] = [];
    for (; at < lines.length; at++) {
      const line = lines[at] as string;
      const marked = /^ {0,3}> ?/.exec(line)?.[0];
      if (marked !== undefined) inside.push(line.slice(marked.length));
      else if (isLazy(line, inside.at(-1))) inside.push(line);
      else break;
    }
    add({ kind: "quote", blocks: readBlocks(inside, definitions, depth + 1).blocks });
    return true;
  }

  function list(first: Item): boolean {
    endParagraph();
    const items: ListItem[] = [];
    let isApart = false;
    for (let item: Item | undefined = first; item !== undefined; ) {
      const inside = itemLines(item);
      const isLast = inside.at(-1)?.trim() !== "";
      while (inside.at(-1)?.trim() === "" && inside.length > 1) inside.pop();
      const task = /^\[([ xX])\][ \t]+(?=\S)/.exec(inside[0] as string);
      if (task !== null) inside[0] = (inside[0] as string).slice(task[0].length);
      const inner = readBlocks(inside, definitions, depth + 1);
      items.push({
        task: task === null ? undefined : task[1] === " " ? "open" : "done",
        blocks: inner.blocks,
      });
      const next: Item | undefined =
        at < lines.length && !isRule(lines[at] as string) ? itemAt(lines[at] as string) : undefined;
      item = next?.sign === first.sign ? next : undefined;
      isApart ||= inner.isLoose || (!isLast && item !== undefined);
    }
    add({ kind: "list", start: first.number, isLoose: isApart, items });
    return true;
  }

  /** From `at`, the lines of one item without its indentation. */
  function itemLines({ width, text }: Item): string[] {
    const inside = [text];
    at += 1;
    for (; at < lines.length; at++) {
      const line = lines[at] as string;
      const before = inside.at(-1) as string;
      if (line.trim() === "") {
        // An item that begins with an empty line ends with the next one.
        if (inside.length === 1 && text.trim() === "") break;
        inside.push("");
      } else if (indentOf(line) >= width) inside.push(line.slice(width));
      else if (isLazy(line, before)) inside.push(line.trimStart());
      else break;
    }
    return inside;
  }

  function html(line: string): boolean {
    endParagraph();
    const isComment = line.trimStart().startsWith("<!--");
    let end = at;
    while (end < lines.length) {
      const each = lines[end] as string;
      if (!isComment && each.trim() === "") break;
      end += 1;
      if (isComment && each.includes("-->")) break;
    }
    add({ kind: "html", text: lines.slice(at, end).join("\n").trim() });
    at = end;
    return true;
  }

  function table(line: string): boolean {
    const under = lines[at + 1] ?? "";
    if (!/^[ |:-]*-[ |:-]*$/.test(under) || indentOf(under) > 3) return false;
    const header = tableRow(line);
    const dashes = tableRow(under);
    if (dashes.length !== header.length || !dashes.every((cell) => /^:?-+:?$/.test(cell))) return false;
    endParagraph();
    at += 2;
    const rows: string[][] = [];
    for (; at < lines.length; at++) {
      const row = lines[at] as string;
      if (row.trim() === "" || beginsBlock(row)) break;
      const cells = tableRow(row).slice(0, header.length);
      rows.push(header.map((_, column) => cells[column] ?? ""));
    }
    add({ kind: "table", header, rows });
    return true;
  }

  function definition(line: string): boolean {
    const isSplit = /\]:\s*$/.test(line);
    const found = definitionIn(isSplit ? `${line.trimEnd()} ${(lines[at + 1] ?? "").trim()}` : line);
    if (found === undefined) return false;
    const label = plainLabel(found.label);
    if (!definitions.has(label)) definitions.set(label, found.href);
    at += isSplit ? 2 : 1;
    return true;
  }

  while (at < lines.length) {
    const line = lines[at] as string;
    if (line.trim() === "") {
      endParagraph();
      isBlankBefore = true;
      at += 1;
    } else if (!begin(line)) {
      paragraph.push(line.trimStart());
      at += 1;
    }
  }
  endParagraph();
  return { blocks, isLoose };
}

function indentOf(line: string): number {
  let indent = 0;
  while (line[indent] === " ") indent += 1;
  return indent;
}

/** A list within a paragraph begins with 1 and has content: otherwise any line could be one by accident. */
function interrupts({ number, text }: Item): boolean {
  return text.trim() !== "" && (number === undefined || number === 1);
}

/** Continues the paragraph of a quote or an item, without its mark. */
function isLazy(line: string, before: string | undefined): boolean {
  if (before === undefined || before.trim() === "" || line.trim() === "") return false;
  if (beginsBlock(line) || /^\s*(?:=+|-+)\s*$/.test(line)) return false;
  return !isRule(before) && !/^ {0,3}(?:#{1,6} |```|~~~)/.test(before) && indentOf(before) < 4;
}

function beginsBlock(line: string): boolean {
  if (/^ {0,3}(?:>|#{1,6}(?:\s|$)|```|~~~)/.test(line)) return true;
  return isRule(line) || isHtmlStart(line, false) || itemAt(line) !== undefined;
}
