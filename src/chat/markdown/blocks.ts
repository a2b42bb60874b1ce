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
  return new BlockReader(lines, definitions, depth).read();
}

class BlockReader {
  readonly #lines: readonly string[];
  readonly #definitions: Map<string, string>;
  readonly #depth: number;
  readonly #blocks: Block[] = [];
  #paragraph: string[] = [];
  #at = 0;
  #isBlankBefore = false;
  #isLoose = false;

  constructor(lines: readonly string[], definitions: Map<string, string>, depth: number) {
    this.#lines = lines;
    this.#definitions = definitions;
    this.#depth = depth;
  }

  read(): Inner {
    while (this.#at < this.#lines.length) {
      const line = this.#lines[this.#at] as string;
      if (line.trim() === "") {
        this.#endParagraph();
        this.#isBlankBefore = true;
        this.#at += 1;
      } else if (!this.#begin(line)) {
        this.#paragraph.push(line.trimStart());
        this.#at += 1;
      }
    }
    this.#endParagraph();
    return { blocks: this.#blocks, isLoose: this.#isLoose };
  }

  #endParagraph(): void {
    if (this.#paragraph.length > 0)
      this.#add({ kind: "paragraph", text: this.#paragraph.join("\n").trimEnd() });
    this.#paragraph = [];
  }

  #add(block: Block): void {
    if (this.#isBlankBefore && this.#blocks.length > 0) this.#isLoose = true;
    this.#isBlankBefore = false;
    this.#blocks.push(block);
  }

  /** A block that may begin on this line in any context; `at` is moved past it. */
  #begin(line: string): boolean {
    const indent = indentOf(line);
    if (indent >= 4) return this.#paragraph.length === 0 && this.#indented();
    const sign = line[indent] as string;
    if ((sign === "`" || sign === "~") && this.#fenced(line)) return true;
    if (sign === "#" && this.#heading(line)) return true;
    if ((sign === "=" || sign === "-") && this.#paragraph.length > 0 && this.#underline(line)) return true;
    if (isRule(line)) return this.#one({ kind: "rule" });
    if (sign === ">" && this.#depth < maxDepth) return this.#quote();
    const item = this.#depth < maxDepth ? itemAt(line) : undefined;
    if (item !== undefined && (this.#paragraph.length === 0 || interrupts(item))) return this.#list(item);
    if (sign === "<" && isHtmlStart(line, this.#paragraph.length === 0)) return this.#html(line);
    if (line.includes("|") && this.#table(line)) return true;
    return sign === "[" && this.#paragraph.length === 0 && this.#definition(line);
  }

  #one(block: Block): true {
    this.#endParagraph();
    this.#add(block);
    this.#at += 1;
    return true;
  }

  #heading(line: string): boolean {
    const found = /^ {0,3}#{1,6}(?:[ \t]+|$)/.exec(line)?.[0];
    if (found === undefined) return false;
    const text = line.slice(found.length).trim();
    const closing = /#+$/.exec(text.slice(-100))?.[0].length ?? 0;
    const kept = text.slice(0, text.length - closing);
    return this.#one({
      kind: "heading",
      text: closing > 0 && (kept === "" || /\s$/.test(kept)) ? kept.trim() : text,
    });
  }

  #underline(line: string): boolean {
    const text = line.trim();
    if (text.replaceAll(text[0] as string, "") !== "") return false;
    const block = { kind: "heading", text: this.#paragraph.join("\n").trim() } as const;
    this.#paragraph = [];
    return this.#one(block);
  }

  #fenced(line: string): boolean {
    const found = /^( {0,3})(`{3,}|~{3,})[ \t]*(.*)$/.exec(line);
    if (found === null) return false;
    const [, { length: indent } = "", fence = "", info = ""] = found;
    if (fence.startsWith("`") && info.includes("`")) return false;
    this.#endParagraph();
    const end = this.#closing(fence);
    const inside = this.#lines
      .slice(this.#at + 1, end)
      .map((each) => each.slice(Math.min(indent, indentOf(each))));
    this.#at = end + 1;
    this.#add({ kind: "code", text: inside.join("\n"), language: info.trim() });
    return true;
  }

  #closing(fence: string): number {
    let end = this.#at + 1;
    for (; end < this.#lines.length; end++) {
      const line = (this.#lines[end] as string).trim();
      if (line.length < fence.length || line[0] !== fence[0] || indentOf(this.#lines[end] as string) > 3)
        continue;
      if (line.replaceAll(fence[0] as string, "") === "") break;
    }
    return end;
  }

  #indented(): boolean {
    let end = this.#at;
    for (let next = this.#at; next < this.#lines.length; next++) {
      const line = this.#lines[next] as string;
      if (indentOf(line) >= 4) end = next + 1;
      else if (line.trim() !== "") break;
    }
    if (end === this.#at) return false;
    this.#add({
      kind: "code",
      text: this.#lines
        .slice(this.#at, end)
        .map((line) => line.slice(4))
        .join("\n"),
      language: "",
    });
    this.#at = end;
    return true;
  }

  #quote(): boolean {
    this.#endParagraph();
    const inside: string[] = [];
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at] as string;
      const marked = /^ {0,3}> ?/.exec(line)?.[0];
      if (marked !== undefined) inside.push(line.slice(marked.length));
      else if (isLazy(line, inside.at(-1))) inside.push(line);
      else break;
    }
    this.#add({ kind: "quote", blocks: readBlocks(inside, this.#definitions, this.#depth + 1).blocks });
    return true;
  }

  #list(first: Item): boolean {
    this.#endParagraph();
    const items: ListItem[] = [];
    let isApart = false;
    for (let item: Item | undefined = first; item !== undefined; ) {
      const inside = this.#itemLines(item);
      const isLast = inside.at(-1)?.trim() !== "";
      while (inside.at(-1)?.trim() === "" && inside.length > 1) inside.pop();
      const task = /^\[([ xX])\][ \t]+(?=\S)/.exec(inside[0] as string);
      if (task !== null) inside[0] = (inside[0] as string).slice(task[0].length);
      const inner = readBlocks(inside, this.#definitions, this.#depth + 1);
      items.push({
        task: task === null ? undefined : task[1] === " " ? "open" : "done",
        blocks: inner.blocks,
      });
      const next: Item | undefined =
        this.#at < this.#lines.length && !isRule(this.#lines[this.#at] as string)
          ? itemAt(this.#lines[this.#at] as string)
          : undefined;
      item = next?.sign === first.sign ? next : undefined;
      isApart ||= inner.isLoose || (!isLast && item !== undefined);
    }
    this.#add({ kind: "list", start: first.number, isLoose: isApart, items });
    return true;
  }

  /** From `at`, the lines of one item without its indentation. */
  #itemLines({ width, text }: Item): string[] {
    const inside = [text];
    this.#at += 1;
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at] as string;
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

  #html(line: string): boolean {
    this.#endParagraph();
    const isComment = line.trimStart().startsWith("<!--");
    let end = this.#at;
    while (end < this.#lines.length) {
      const each = this.#lines[end] as string;
      if (!isComment && each.trim() === "") break;
      end += 1;
      if (isComment && each.includes("-->")) break;
    }
    this.#add({ kind: "html", text: this.#lines.slice(this.#at, end).join("\n").trim() });
    this.#at = end;
    return true;
  }

  #table(line: string): boolean {
    const under = this.#lines[this.#at + 1] ?? "";
    if (!/^[ |:-]*-[ |:-]*$/.test(under) || indentOf(under) > 3) return false;
    const header = tableRow(line);
    const dashes = tableRow(under);
    if (dashes.length !== header.length || !dashes.every((cell) => /^:?-+:?$/.test(cell))) return false;
    this.#endParagraph();
    this.#at += 2;
    const rows: string[][] = [];
    for (; this.#at < this.#lines.length; this.#at++) {
      const row = this.#lines[this.#at] as string;
      if (row.trim() === "" || beginsBlock(row)) break;
      const cells = tableRow(row).slice(0, header.length);
      rows.push(header.map((_, column) => cells[column] ?? ""));
    }
    this.#add({ kind: "table", header, rows });
    return true;
  }

  #definition(line: string): boolean {
    const isSplit = /\]:\s*$/.test(line);
    const found = definitionIn(
      isSplit ? `${line.trimEnd()} ${(this.#lines[this.#at + 1] ?? "").trim()}` : line,
    );
    if (found === undefined) return false;
    const label = plainLabel(found.label);
    if (!this.#definitions.has(label)) this.#definitions.set(label, found.href);
    this.#at += isSplit ? 2 : 1;
    return true;
  }
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
