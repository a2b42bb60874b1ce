// Parses the text within a block into runs with their marks: emphasis, code, links, addresses (CommonMark
// 0.31.2, sections 6.1 to 6.9, and the extensions of GitHub). One pass and a stack of delimiters, as the
// specification's appendix describes it: the time is linear for any text. A search that could restart at
// every character ("is there an end of this code, this tag?") is bounded or remembers that it failed.

import { type Delimiter, matchDelimiters, runOf } from "./delimiters.ts";
import { addressAt, emailEnd, findDestination, findTag, labelOf, type Target } from "./links.ts";

/** The `[label]: address` lines, by normalised label. */
export type Definitions = ReadonlyMap<string, string>;

/** A stretch of text; `opens` and `closes` say which marks begin before it and how many end after it. */
interface Node {
  text: string;
  /** A mark of this node alone. */
  leaf?: InlineStyle;
  /** Innermost first. */
  opens?: InlineStyle[];
  closes?: number;
}

interface Bracket {
  readonly node: number;
  readonly isImage: boolean;
  /** How many delimiters came before it. */
  readonly delimiters: number;
  /** Where its text begins. */
  readonly from: number;
}

/** Deeper nested marks are dropped: no chat shows them, and each run would carry all of them. */
const maxDepth = 16;

export function parseInline(text: string, definitions: Definitions): Run[] {
  return new Inline(text, definitions).runs();
}

const special = /[\\`*_~[\]!<@\n]|(?<![A-Za-z0-9])(?:https?|ftp):\/\/|(?<![^\s*_~(])www\./g;
const escapable = /[!-/:-@[-`{-~]/;

class Inline {
  readonly #text: string;
  readonly #definitions: Definitions;
  readonly #nodes: Node[] = [];
  readonly #delimiters: Delimiter[] = [];
  readonly #brackets: Bracket[] = [];
  /** Brackets below this index cannot begin a link any more: links do not nest. */
  #closedBelow = 0;
  readonly #ticks;
  #at = 0;

  constructor(text: string, definitions: Definitions) {
    this.#text = text;
    this.#definitions = definitions;
    this.#ticks = tickRuns(text);
  }

  runs(): Run[] {
    this.#scan();
    this.#emphasise(0);
    return toRuns(this.#nodes);
  }

  #push(one: Node) {
    this.#nodes.push(one);
  }

  #pushText(from: number, to: number): void {
    if (to > from) this.#push({ text: this.#text.slice(from, to) });
  }

  #wrap(from: number, to: number, mark: InlineStyle): void {
    const [first, last] = [this.#nodes[from], this.#nodes[to]];
    if (first === undefined || last === undefined || from > to) return;
    first.opens ??= [];
    first.opens.push(mark);
    last.closes = (last.closes ?? 0) + 1;
  }

  #emphasise(bottom: number): void {
    const inner = this.#delimiters.splice(bottom);
    matchDelimiters(inner, (opener, closer, kind) => this.#wrap(opener.node + 1, closer.node - 1, { kind }));
    for (const { node, count } of inner) {
      const one = this.#nodes[node] as Node;
      one.text = one.text.slice(0, count);
    }
  }

  /** Where parsing continues after a backslash, a run of ticks and so on; -1 for a literal character. */
  #read(): number {
    const sign = this.#text[this.#at] as string;
    switch (sign) {
      case "\\":
        return this.#escaped();
      case "`":
        return this.#code();
      case "*":
      case "_":
      case "~":
        return this.#delimiter();
      case "[":
        this.#brackets.push({
          node: this.#nodes.length,
          isImage: false,
          delimiters: this.#delimiters.length,
          from: this.#at + 1,
        });
        this.#push({ text: "[" });
        return this.#at + 1;
      case "!":
        if (this.#text[this.#at + 1] !== "[") return -1;
        this.#brackets.push({
          node: this.#nodes.length,
          isImage: true,
          delimiters: this.#delimiters.length,
          from: this.#at + 2,
        });
        this.#push({ text: "![" });
        return this.#at + 2;
      case "]":
        return this.#closeBracket();
      case "<":
        return this.#tag();
      case "@":
        return this.#email();
      case "\n":
        return this.#lineEnd();
      default:
        return this.#bareAddress();
    }
  }

  #escaped(): number {
    const next = this.#text[this.#at + 1];
    if (next === "\n") return this.#at + 1;
    if (next === undefined || !escapable.test(next)) return -1;
    this.#push({ text: next });
    return this.#at + 2;
  }

  #code(): number {
    const length = runOf(this.#text, this.#at);
    const end = this.#ticks.next(this.#at, length);
    if (end === undefined) {
      this.#pushText(this.#at, this.#at + length);
      return this.#at + length;
    }
    const inside = this.#text.slice(this.#at + length, end).replaceAll("\n", " ");
    const isPadded = inside.startsWith(" ") && inside.endsWith(" ") && inside.trim() !== "";
    this.#push({ text: isPadded ? inside.slice(1, -1) : inside, leaf: { kind: "code" } });
    return end + length;
  }

  #delimiter(): number {
    const length = runOf(this.#text, this.#at);
    if (this.#text[this.#at] !== "~" || length <= 2) {
      this.#delimiters.push(delimiterAt(this.#text, this.#at, length, this.#nodes.length));
    }
    this.#pushText(this.#at, this.#at + length);
    return this.#at + length;
  }

  #closeBracket(): number {
    const bracket = this.#brackets.pop();
    if (bracket === undefined) return -1;
    const isOpen = bracket.isImage || this.#brackets.length >= this.#closedBelow;
    this.#closedBelow = Math.min(this.#closedBelow, this.#brackets.length);
    const target = isOpen ? this.#targetOf(bracket) : undefined;
    if (target === undefined) return -1;
    if (bracket.isImage) this.#image(bracket, target);
    else this.#link(bracket, target);
    return target.end;
  }

  #targetOf({ from }: Bracket): Target | undefined {
    const inline = this.#text[this.#at + 1] === "(" ? findDestination(this.#text, this.#at + 2) : undefined;
    if (inline !== undefined || this.#definitions.size === 0) return inline;
    const named = this.#text[this.#at + 1] === "[" ? labelOf(this.#text, this.#at + 1) : undefined;
    const label = named === undefined || named.label === "" ? this.#ownLabel(from) : named.label;
    const href = label === undefined ? undefined : this.#definitions.get(plainLabel(label));
    return href === undefined ? undefined : { href, end: named?.end ?? this.#at + 1 };
  }

  /** For `[label]`: it contains no bracket. */
  #ownLabel(from: number): string | undefined {
    const inner = this.#text.indexOf("[", from);
    return this.#at - from > 999 || (inner !== -1 && inner < this.#at)
      ? undefined
      : this.#text.slice(from, this.#at);
  }

  #link({ node, delimiters: bottom, from }: Bracket, { href }: Target): void {
    this.#emphasise(bottom);
    (this.#nodes[node] as Node).text = "";
    const shown = this.#text.slice(from, this.#at);
    for (let inner = node + 1; inner < this.#nodes.length; inner++) {
      const one = this.#nodes[inner] as Node;
      if (one.leaf?.kind === "link") delete one.leaf;
    }
    this.#wrap(node + 1, this.#nodes.length - 1, {
      kind: "link",
      href,
      bare: href === shown || href === `mailto:${shown}`,
    });
    this.#closedBelow = this.#brackets.length;
  }

  #image({ node, delimiters: bottom, from }: Bracket, { href }: Target): void {
    const shown = this.#text.slice(from, this.#at).replaceAll(/\\([!-/:-@[-`{-~])/g, "$1");
    this.#nodes.length = node;
    this.#delimiters.length = bottom;
    this.#push({ text: shown === "" ? href : shown, leaf: { kind: "link", href, bare: shown === "" } });
  }

  #tag(): number {
    const found = findTag(this.#text, this.#at);
    if (found === undefined) return -1;
    const { end, href } = found;
    if (href === undefined) this.#pushText(this.#at, end);
    else
      this.#push({ text: this.#text.slice(this.#at + 1, end - 1), leaf: { kind: "link", href, bare: true } });
    return end;
  }

  #bareAddress(): number {
    const end = addressAt(this.#text, this.#at, this.#brackets.length > 0);
    if (end === undefined) return -1;
    const shown = this.#text.slice(this.#at, end);
    const href = shown.startsWith("www.") ? `http://${shown}` : shown;
    this.#push({ text: shown, leaf: { kind: "link", href, bare: href === shown } });
    return end;
  }

  #email(): number {
    const last = this.#nodes.at(-1);
    const end = emailEnd(this.#text, this.#at);
    // The text before the sign was already added as text.
    const name =
      last === undefined || last.leaf !== undefined
        ? ""
        : (/[\w.+-]+$/.exec(last.text.slice(-64))?.[0] ?? "");
    if (
      last === undefined ||
      name === "" ||
      end === undefined ||
      this.#text.slice(this.#at - name.length, this.#at) !== name
    )
      return -1;
    last.text = last.text.slice(0, -name.length);
    const shown = name + this.#text.slice(this.#at, end);
    this.#push({ text: shown, leaf: { kind: "link", href: `mailto:${shown}`, bare: true } });
    return end;
  }

  /** Surrounding spaces are removed. */
  #lineEnd(): number {
    const last = this.#nodes.at(-1);
    if (last !== undefined && last.leaf === undefined) last.text = last.text.trimEnd();
    this.#push({ text: "\n" });
    let next = this.#at + 1;
    while (this.#text[next] === " ") next += 1;
    return next;
  }

  #scan(): void {
    let plain = 0;
    while (this.#at < this.#text.length) {
      special.lastIndex = this.#at;
      const found = special.exec(this.#text);
      this.#at = found?.index ?? this.#text.length;
      this.#pushText(plain, this.#at);
      if (found === null) return;
      const next = this.#read();
      plain = next === -1 ? this.#at : next;
      this.#at = next === -1 ? this.#at + 1 : next;
    }
    this.#pushText(plain, this.#at);
  }
}

function toRuns(nodes: readonly Node[]): Run[] {
  const runs: { text: string; readonly marks: readonly InlineStyle[] }[] = [];
  const open: InlineStyle[] = [];
  let marks: readonly InlineStyle[] = [];
  for (const { text, leaf, opens, closes = 0 } of nodes) {
    if (opens !== undefined) {
      for (let mark = opens.length - 1; mark >= 0; mark--) open.push(opens[mark] as InlineStyle);
      marks = open.slice(0, maxDepth);
    }
    const last = runs.at(-1);
    if (leaf !== undefined) runs.push({ text, marks: [...marks, leaf] });
    else if (last?.marks === marks) last.text += text;
    else if (text !== "") runs.push({ text, marks });
    if (closes > 0) {
      open.length -= closes;
      marks = open.slice(0, maxDepth);
    }
  }
  return runs;
}

/** Labels ignore case and white space. */
export function plainLabel(label: string): string {
  return label.trim().replaceAll(/\s+/g, " ").toLowerCase();
}

/** Section 6.2: whether a run of delimiters can open and close, by its neighbours. */
function delimiterAt(text: string, at: number, length: number, node: number): Delimiter {
  const sign = text[at] as Delimiter["sign"];
  const before = at === 0 ? space : classOf(codePointBefore(text, at));
  const after = classOf(text.codePointAt(at + length) ?? 32);
  const isLeft = after !== space && (after !== punctuation || before !== other);
  const isRight = before !== space && (before !== punctuation || after !== other);
  return {
    sign,
    canOpen: isLeft && (sign !== "_" || !isRight || before === punctuation),
    canClose: isRight && (sign !== "_" || !isLeft || after === punctuation),
    node,
    count: length,
    length,
  };
}

const [other, space, punctuation] = [0, 1, 2];
const ascii = Array.from({ length: 128 }, (_, code) => classByPattern(code));

function classOf(code: number): number {
  return code < 128 ? (ascii[code] as number) : classByPattern(code);
}

function classByPattern(code: number): number {
  const character = String.fromCodePoint(code);
  if (/\s/.test(character)) return space;
  return /[\p{P}\p{S}]/u.test(character) ? punctuation : other;
}

function codePointBefore(text: string, at: number): number {
  const low = text.charCodeAt(at - 1);
  const isPair = low >= 0xdc00 && low <= 0xdfff && at > 1;
  return (isPair ? text.codePointAt(at - 2) : low) as number;
}

/** Positions of runs of ticks by length, so that none is searched twice. */
function tickRuns(text: string) {
  const places = new Map<number, number[]>();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    const ofLength = places.get(run.length);
    if (ofLength === undefined) places.set(run.length, [index]);
    else ofLength.push(index);
  }
  const used = new Map<number, number>();
  return {
    /** The first run of this length after the current one. */
    next(at: number, length: number): number | undefined {
      const ofLength = places.get(length) ?? [];
      let index = used.get(length) ?? 0;
      while (index < ofLength.length && (ofLength[index] as number) <= at) index += 1;
      used.set(length, index);
      return ofLength[index];
    },
  };
}

// The result of parsing Markdown: runs of text with their marks. Platforms render their own markup from it.

/** One mark is one object: adjacent runs that share it are one stretch of it. */
export type InlineStyle =
  | { readonly kind: "bold" | "italic" | "strike" | "code" | "quote" }
  /** A block of code. */
  | { readonly kind: "pre"; readonly language: string }
  /** `bare`: the visible text is the address itself. */
  | { readonly kind: "link"; readonly href: string; readonly bare: boolean };

export interface Run {
  readonly text: string;
  /** Outermost first. Nothing is inside `code` and `pre`, and quotes do not nest. */
  readonly marks: readonly InlineStyle[];
}
