// Valid YAML that almost certainly has another meaning than intended: a value that ends at a "#", a key
// without its colon, a space that YAML does not know. Each is a warning, never a problem: the file is used as
// YAML reads it. Values are not quoted in the messages, because they may be secret.

import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from "yaml";
import { channelSchema } from "../schema/channel.ts";
import {
  mistakenEscape,
  mistakenMatchText,
  mistakenMatchValue,
  mistakenNumber,
} from "./likely-mistakes-values.ts";
import type { LikelyMistake, ParsedDocument, Path, Problem } from "./problem.ts";
import { strangeSpace, strangeSpaceInText } from "./strange-spaces.ts";

/** Far more than are shown. */
const maxWarnings = 200;

/** Keys whose values are prose or code: a word directly after "#" belongs to them. */
const freeText = new Set([
  ...[
    "content",
    "description",
    "instructions",
    "text",
    "title",
    "message",
    "body",
    "result",
    "when",
    "match",
  ],
  ...["vars", "meta", "key", "by", "supersede", "thread", "regex", "glob", "prefix", "suffix", "contains"],
]);
const channelKeys = new Set(Object.keys(channelSchema.properties));

export function likelyMistakes(document: ParsedDocument, text: string): readonly Problem[] {
  const found: Problem[] = [];
  const anchors: { readonly name: string; readonly node: Node; readonly path: Path }[] = [];
  const used = new Set<string>();

  const warn = (path: Path, suspicion: LikelyMistake | undefined): void => {
    if (suspicion !== undefined && found.length < maxWarnings)
      found.push({ path, code: "W_CONFIG_YAML", ...suspicion });
  };

  function visit(node: Node | null, path: Path, before: number): void {
    if (node === null || found.length >= maxWarnings) return;
    if (isAlias(node)) {
      used.add(node.source);
      return;
    }
    const { anchor } = node as { readonly anchor?: string };
    if (anchor !== undefined) {
      if (anchors.some(({ name }) => name === anchor)) warn(path, secondAnchor(node, text));
      anchors.push({ name: anchor, node, path });
    }
    if (isScalar(node)) visitScalar(node, path, before);
    else if (isMap<Node, Node | null>(node)) visitMap(node, path);
    else if (isSeq<Node>(node)) {
      for (const [index, item] of node.items.entries()) visit(item, [...path, index], item.range?.[0] ?? 0);
    }
  }

  function visitScalar(node: Scalar, path: Path, before: number): void {
    if (node.range === undefined || node.range === null) return;
    warn(path, mistakenEscape(node, path, text.slice(node.range[0], node.range[1])));
    if (node.type?.startsWith("QUOTE")) {
      warn(path, mistakenMatchText(node, path));
      return;
    }
    if (node.type?.startsWith("BLOCK")) {
      warn(path, hashInHeader(node.range[0], text));
      warn(path, strangeSpaceInText(node.range, text));
      return;
    }
    const source = text.slice(node.range[0], node.range[1]);
    const character = hashAfter(node, path, text) ?? strangeSpace(source, node.range[0]);
    warn(path, character ?? listWithoutSpace(node, before, text));
    const type =
      keyWithoutSpace(source, node.range[0]) ?? mistakenMatchValue(node, path) ?? mistakenNumber(node);
    warn(path, type ?? (character === undefined ? mistakenMatchText(node, path) : undefined));
  }

  function visitMap(node: YAMLMap<Node, Node | null>, path: Path): void {
    const names = new Map<string, string>();
    for (const pair of node.items) {
      const { key, value } = pair;
      if (!isScalar(key) || !key.range) {
        visit(value, path, 0);
        continue;
      }
      const name = typeof key.value === "string" ? key.value : (key.source ?? "");
      const here = [...path, name];
      if (key.anchor !== undefined) anchors.push({ name: key.anchor, node: key, path: here });
      const isPlain = key.type === "PLAIN";
      const inKey = isPlain
        ? strangeSpace(text.slice(key.range[0], key.range[1]), key.range[0], "key")
        : undefined;
      warn(here, inKey ?? (isPlain && node.flow ? keyWithoutValue(pair, text) : undefined));
      warn(here, sameButCase(name, key.range[0], path, names));
      visit(value, here, key.range[1]);
    }
  }

  visit(document.contents, [], 0);
  for (const { name, node, path } of anchors) {
    if (!used.has(name)) warn(path, unusedAnchor(node, text));
  }
  return found;
}

function lineFrom(at: number, text: string): string {
  const end = text.indexOf("\n", at);
  return text.slice(at, Math.min(end === -1 ? text.length : end, at + 2_000));
}

/**
 * ` #` ends a plain value; a template, a number or a name directly after the "#" was meant as a part of it.
 */
function hashAfter(node: Scalar, path: Path, text: string): LikelyMistake | undefined {
  const end = (node.range as readonly number[])[1] as number;
  const rest = lineFrom(end, text);
  const isEmpty = node.value === null && node.range?.[0] === end;
  if (typeof node.value !== "string" && !isEmpty) return undefined;
  const comment = /^[ \t]*(#.*)/.exec(isEmpty ? rest.replace(/^[ \t]*:/, "") : rest)?.[1];
  const below =
    comment === undefined
      ? /^[ \t]*\r?\n[ \t]+(#(?:\{\{|\$\{|\d).*)/.exec(text.slice(end, end + 2_000))
      : null;
  const cut = comment ?? below?.[1];
  if (cut === undefined || !isPartOfValue(cut, path, isEmpty)) return undefined;
  return {
    at: text.indexOf(cut, end),
    message: isEmpty
      ? 'the "#" begins a comment, so the value is empty'
      : 'the value ends before this "#", which begins a comment',
    hint: "quote the whole value, from before its first word to its end; a comment has a space after the #",
  };
}

function isPartOfValue(comment: string, path: Path, isEmpty: boolean): boolean {
  if (/\{\{|\}\}|\$\{/.test(comment)) return true;
  if (/^#\d/.test(comment)) return true;
  if (!/^#[\p{L}_]/u.test(comment)) return false;
  return isEmpty || path.some((step) => typeof step === "string" && freeText.has(step));
}

/** `content: | #{{x}}` */
function hashInHeader(at: number, text: string): LikelyMistake | undefined {
  const header = /^[|>][-+\d]*[ \t]+(#.*)/.exec(lineFrom(at, text));
  if (header === null || !/\{\{|\$\{/.test(header[1] as string)) return undefined;
  return {
    at: at + header[0].length - (header[1] as string).length,
    message: "text on the line of a | or > is a comment, and not part of the value",
    hint: "begin the text on the next line",
  };
}

/** `{ a: b, c:d }` and `{ a }`: a key whose value is null. */
function keyWithoutValue({ key, value }: Pair<Node, Node | null>, text: string): LikelyMistake | undefined {
  const isNothing =
    value === null || (isScalar(value) && value.value === null && value.range?.[0] === value.range?.[1]);
  const range = key.range;
  if (!isNothing || !range || /^\s*:/.test(text.slice(range[1], range[1] + 200))) return undefined;
  if (text[range[0]] === "?") return undefined;
  const colon = text.slice(range[0], range[1]).indexOf(":");
  return colon > 0
    ? {
        at: range[0] + colon,
        message: 'without a space after the colon this whole text is a key, and its value is "null"',
        hint: 'write "key: value", with a space after the colon',
      }
    : {
        at: range[0],
        message: 'this is a key without a value, which is then "null"',
        hint: 'write "key: value"; a list has square brackets, and a text that begins with { is quoted',
      };
}

/** A line inside a text that looks like a further key of the enclosing mapping. */
function keyWithoutSpace(source: string, start: number): LikelyMistake | undefined {
  for (const match of source.matchAll(/(?:^|\n)[ \t]*([A-Za-z_][\w.-]*):(?=[^\s/:])/g)) {
    const name = match[1] as string;
    if (!channelKeys.has(name) && !/^(data|headers|query|params|sender|vars|inputs)\./.test(name)) continue;
    if (match.index === 0 && !source.includes("\n") && channelKeys.has(name)) continue;
    return {
      at: start + match.index + match[0].length - 1,
      message: "without a space after the colon this line is text, and not a key",
      hint: 'write "key: value", with a space after the colon',
    };
  }
  return undefined;
}

/** `-a.log` on a separate line, which is text and not an item. */
function listWithoutSpace(node: Scalar, before: number, text: string): LikelyMistake | undefined {
  const [start, end] = node.range as unknown as readonly [number, number];
  if (!/^-[^\s\d-]/.test(text.slice(start, start + 2)) || !text.slice(before, start).includes("\n"))
    return undefined;
  const lines = text.slice(start, end).split("\n");
  if (!lines.every((line) => /^\s*-\S/.test(line))) return undefined;
  return {
    at: start,
    message: "without a space after the hyphen this is text, and not an item of a list",
    hint: 'write "- item", with a space after the hyphen, or quote the text',
  };
}

/** Where the node's anchor begins, else where the node does. */
function anchorOf(node: Node, text: string): number {
  const start = node.range?.[0] ?? 0;
  const at = text.lastIndexOf("&", start);
  return at === -1 ? start : at;
}

/** An alias means the last anchor of its name. */
function secondAnchor(node: Node, text: string): LikelyMistake {
  return {
    at: anchorOf(node, text),
    message: "a second anchor of this name: aliases from here on mean this one",
    hint: "give it a name of its own",
  };
}

/** `label: &Ops team` is the text "team": the anchor goes unnoticed. */
function unusedAnchor(node: Node, text: string): LikelyMistake {
  return {
    at: anchorOf(node, text),
    message: 'the "&" begins a YAML anchor, which is not part of the value and which no alias uses',
    hint: "quote the whole value if the & belongs to it, or remove the anchor",
  };
}

/**
 * Where names are case-insensitive, or were meant to be equal. Paths into an event and JSON are
 * case-sensitive.
 */
function sameButCase(
  name: string,
  at: number,
  path: Path,
  names: Map<string, string>,
): LikelyMistake | undefined {
  const lower = name.toLowerCase();
  const before = names.get(lower);
  names.set(lower, name);
  if (before === undefined || before === name) return undefined;
  const ofJson = path.some(
    (step) => step === "json" || step === "tests" || step === "input" || step === "with",
  );
  const ofEvent = path.includes("match") && !/^headers\./i.test(name);
  if (ofJson || ofEvent) return undefined;
  return {
    at,
    message: "this key differs from another one of its mapping only in capital letters",
    hint: "keep one of the two",
  };
}
