// The text within a block of Markdown, to runs with their marks: emphasis, code, links, addresses (CommonMark 0.31.2, sections 6.1 to
// 6.9, and the extensions of GitHub). One pass and a stack of delimiters, as the specification's appendix describes it: the time
// is linear whatever the text. A search that could start again at every character ("is there an end of this code, this tag?") is
// bounded or remembers that there was none.

import { type Delimiter, matchDelimiters, runOf } from "./delimiters.ts";
import { addressAt, emailEnd, findDestination, findTag, labelOf, type Target } from "./links.ts";
import type { Mark, Run } from "./runs.ts";

/** What `[label]: address` lines say, by the label in its plain form. */
export type Definitions = ReadonlyMap<string, string>;

/** A stretch of text; `opens` and `closes` say which marks begin before it and how many end behind it. */
interface Node {
  text: string;
  /** A mark of this node alone. */
  leaf?: Mark;
  /** Innermost first. */
  opens?: Mark[];
  closes?: number;
}

interface Bracket {
  readonly node: number;
  readonly isImage: boolean;
  /** How many delimiters stood before it. */
  readonly delimiters: number;
  /** Where its text begins. */
  readonly from: number;
}

/** Marks in each other beyond these are left out: no chat shows them, and each run would carry all of them. */
const maxDepth = 16;

export function parseInline(text: string, definitions: Definitions): Run[] {
  return createInline(text, definitions).runs();
}

const special = /[\\`*_~[\]!<@\n]|(?<![A-Za-z0-9])(?:https?|ftp):\/\/|(?<![^\s*_~(])www\./g;
const escapable = /[!-/:-@[-`{-~]/;

function createInline(text: string, definitions: Definitions) {
  const nodes: Node[] = [];
  const delimiters: Delimiter[] = [];
  const brackets: Bracket[] = [];
  /** Brackets below this one cannot begin a link any more: a link holds no other. */
  let closedBelow = 0;
  const ticks = tickRuns(text);
  let at = 0;

  const push = (one: Node) => void nodes.push(one);
  function pushText(from: number, to: number): void {
    if (to > from) push({ text: text.slice(from, to) });
  }

  function wrap(from: number, to: number, mark: Mark): void {
    const [first, last] = [nodes[from], nodes[to]];
    if (first === undefined || last === undefined || from > to) return;
    first.opens ??= [];
    first.opens.push(mark);
    last.closes = (last.closes ?? 0) + 1;
  }

  function emphasise(bottom: number): void {
    const inner = delimiters.splice(bottom);
    matchDelimiters(inner, (opener, closer, kind) => wrap(opener.node + 1, closer.node - 1, { kind }));
    for (const { node, count } of inner) {
      const one = nodes[node] as Node;
      one.text = one.text.slice(0, count);
    }
  }

  /** Where it goes on behind a backslash, a run of ticks and so on; -1 when the character stands for itself. */
  function read(): number {
    const sign = text[at] as string;
    switch (sign) {
      case "\\":
        return escaped();
      case "`":
        return code();
      case "*":
      case "_":
      case "~":
        return delimiter();
      case "[":
        brackets.push({ node: nodes.length, isImage: false, delimiters: delimiters.length, from: at + 1 });
        push({ text: "[" });
        return at + 1;
      case "!":
        if (text[at + 1] !== "[") return -1;
        brackets.push({ node: nodes.length, isImage: true, delimiters: delimiters.length, from: at + 2 });
        push({ text: "![" });
        return at + 2;
      case "]":
        return closeBracket();
      case "<":
        return tag();
      case "@":
        return email();
      case "\n":
        return lineEnd();
      default:
        return bareAddress();
    }
  }

  function escaped(): number {
    const next = text[at + 1];
    if (next === "\n") return at + 1;
    if (next === undefined || !escapable.test(next)) return -1;
    push({ text: next });
    return at + 2;
  }

  function code(): number {
    const length = runOf(text, at);
    const end = ticks.next(at, length);
    if (end === undefined) {
      pushText(at, at + length);
      return at + length;
    }
    const inside = text.slice(at + length, end).replaceAll("\n", " ");
    const isPadded = inside.startsWith(" ") && inside.endsWith(" ") && inside.trim() !== "";
    push({ text: isPadded ? inside.slice(1, -1) : inside, leaf: { kind: "code" } });
    return end + length;
  }

  function delimiter(): number {
    const length = runOf(text, at);
    if (text[at] !== "~" || length <= 2) {
      delimiters.push(delimiterAt(text, at, length, nodes.length));
    }
    pushText(at, at + length);
    return at + length;
  }

  function closeBracket(): number {
    const bracket = brackets.pop();
    if (bracket === undefined) return -1;
    const isOpen = bracket.isImage || brackets.length >= closedBelow;
    closedBelow = Math.min(closedBelow, brackets.length);
    const target = isOpen ? targetOf(bracket) : undefined;
    if (target === undefined) return -1;
    if (bracket.isImage) image(bracket, target);
    else link(bracket, target);
    return target.end;
  }

  function targetOf({ from }: Bracket): Target | undefined {
    const inline = text[at + 1] === "(" ? findDestination(text, at + 2) : undefined;
    if (inline !== undefined || definitions.size === 0) return inline;
    const named = text[at + 1] === "[" ? labelOf(text, at + 1) : undefined;
    const label = named === undefined || named.label === "" ? ownLabel(from) : named.label;
    const href = label === undefined ? undefined : definitions.get(plainLabel(label));
    return href === undefined ? undefined : { href, end: named?.end ?? at + 1 };
  }

  /** Of `[label]`: it holds no bracket. */
  function ownLabel(from: number): string | undefined {
    const inner = text.indexOf("[", from);
    return at - from > 999 || (inner !== -1 && inner < at) ? undefined : text.slice(from, at);
  }

  function link({ node, delimiters: bottom, from }: Bracket, { href }: Target): void {
    emphasise(bottom);
    (nodes[node] as Node).text = "";
    const shown = text.slice(from, at);
    for (let inner = node + 1; inner < nodes.length; inner++) {
      const one = nodes[inner] as Node;
      if (one.leaf?.kind === "link") delete one.leaf;
    }
    wrap(node + 1, nodes.length - 1, {
      kind: "link",
      href,
      bare: href === shown || href === `mailto:${shown}`,
    });
    closedBelow = brackets.length;
  }

  function image({ node, delimiters: bottom, from }: Bracket, { href }: Target): void {
    const shown = text.slice(from, at).replaceAll(/\\([!-/:-@[-`{-~])/g, "$1");
    nodes.length = node;
    delimiters.length = bottom;
    push({ text: shown === "" ? href : shown, leaf: { kind: "link", href, bare: shown === "" } });
  }

  function tag(): number {
    const found = findTag(text, at);
    if (found === undefined) return -1;
    const { end, href } = found;
    if (href === undefined) pushText(at, end);
    else push({ text: text.slice(at + 1, end - 1), leaf: { kind: "link", href, bare: true } });
    return end;
  }

  function bareAddress(): number {
    const end = addressAt(text, at, brackets.length > 0);
    if (end === undefined) return -1;
    const shown = text.slice(at, end);
    const href = shown.startsWith("www.") ? `http://${shown}` : shown;
    push({ text: shown, leaf: { kind: "link", href, bare: href === shown } });
    return end;
  }

  function email(): number {
    const last = nodes.at(-1);
    const end = emailEnd(text, at);
    // What stands before the sign was taken for text already.
    const name =
      last === undefined || last.leaf !== undefined
        ? ""
        : (/[\w.+-]+$/.exec(last.text.slice(-64))?.[0] ?? "");
    if (last === undefined || name === "" || end === undefined || text.slice(at - name.length, at) !== name)
      return -1;
    last.text = last.text.slice(0, -name.length);
    const shown = name + text.slice(at, end);
    push({ text: shown, leaf: { kind: "link", href: `mailto:${shown}`, bare: true } });
    return end;
  }

  /** Spaces around it go. */
  function lineEnd(): number {
    const last = nodes.at(-1);
    if (last !== undefined && last.leaf === undefined) last.text = last.text.trimEnd();
    push({ text: "\n" });
    let next = at + 1;
    while (text[next] === " ") next += 1;
    return next;
  }

  function scan(): void {
    let plain = 0;
    while (at < text.length) {
      special.lastIndex = at;
      const found = special.exec(text);
      at = found?.index ?? text.length;
      pushText(plain, at);
      if (found === null) return;
      const next = read();
      plain = next === -1 ? at : next;
      at = next === -1 ? at + 1 : next;
    }
    pushText(plain, at);
  }

  return {
    runs(): Run[] {
      scan();
      emphasise(0);
      return toRuns(nodes);
    },
  };
}

function toRuns(nodes: readonly Node[]): Run[] {
  const runs: { text: string; readonly marks: readonly Mark[] }[] = [];
  const open: Mark[] = [];
  let marks: readonly Mark[] = [];
  for (const { text, leaf, opens, closes = 0 } of nodes) {
    if (opens !== undefined) {
      for (let mark = opens.length - 1; mark >= 0; mark--) open.push(opens[mark] as Mark);
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

/** Labels are the same whatever their case and white space. */
export function plainLabel(label: string): string {
  return label.trim().replaceAll(/\s+/g, " ").toLowerCase();
}

/** Section 6.2: whether a run of delimiters can open and close, by what stands around it. */
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

/** Where runs of ticks of each length are, so that none is looked for twice. */
function tickRuns(text: string) {
  const places = new Map<number, number[]>();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    const ofLength = places.get(run.length);
    if (ofLength === undefined) places.set(run.length, [index]);
    else ofLength.push(index);
  }
  const used = new Map<number, number>();
  return {
    /** The first run of this length behind the one here. */
    next(at: number, length: number): number | undefined {
      const ofLength = places.get(length) ?? [];
      let index = used.get(length) ?? 0;
      while (index < ofLength.length && (ofLength[index] as number) <= at) index += 1;
      used.set(length, index);
      return ofLength[index];
    },
  };
}
