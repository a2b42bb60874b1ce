// The lines of an entry in a block mapping, with the comments that belong to it: those in it, those below it that
// are indented deeper than its key, and the block directly above its key. All other comments stay where they are.

import { isAlias, isCollection, isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { JsonObject } from "../../contract.ts";
import { asObject } from "../../json.ts";

/** Puts lines behind the last entry of a mapping, indented like its first key. Undefined when that is not known. */
export function insertLast(text: string, map: YAMLMap, lines: readonly string[]): string | undefined {
  const [first] = map.items;
  const last = map.items.at(-1);
  const key = first === undefined ? undefined : keyStart(first);
  if (key === undefined || last === undefined) return undefined;
  const indent = text.slice(lineStart(text, key), key);
  if (indent.trim() !== "") return undefined;
  const at = entryEnd(text, last, indent.length);
  const eol = lineBreak(text);
  const added = lines.map((one) => `${indent}${one}`).join(eol);
  const isOpen = at === text.length && !text.endsWith("\n");
  return text.slice(0, at) + (isOpen ? `${eol}${added}` : `${added}${eol}`) + text.slice(at);
}

/** Where the lines of an entry are, with its comments. `above`: where the lines before it end. */
export function entrySpan(
  text: string,
  pair: Pair,
  above: number,
): { readonly start: number; readonly end: number } | undefined {
  const key = keyStart(pair);
  if (key === undefined) return undefined;
  const line = lineStart(text, key);
  const indent = text.slice(line, key);
  if (indent.trim() !== "") return undefined;
  let start = line;
  while (start > above) {
    const before = lineStart(text, start - 1);
    if (before < above || !isComment(text.slice(before, start))) break;
    start = before;
  }
  return { start, end: entryEnd(text, pair, indent.length) };
}

/** The start of the first line behind an entry, and behind comments that are indented deeper than its key. */
export function entryEnd(text: string, pair: Pair, indent: number): number {
  let end = contentEnd(text, pair);
  for (let at = end; at < text.length; ) {
    const next = lineEnd(text, at);
    const line = text.slice(at, next);
    if (isComment(line) && line.search(/\S/) > indent) end = next;
    else if (line.trim() !== "") break;
    at = next;
  }
  return end;
}

/**
 * Texts without these spans, best first: a text without a line break at its end keeps none, unless the break is
 * a part of its last value.
 */
export function withoutSpans(
  text: string,
  spans: readonly { readonly start: number; readonly end: number }[],
): string[] {
  let rest = "";
  let at = 0;
  for (const { start, end } of spans) {
    rest += text.slice(at, start);
    at = end;
  }
  rest += text.slice(at);
  return text.endsWith("\n") || at < text.length ? [rest] : [rest.replace(/\r?\n$/, ""), rest];
}

/** Whether two configs are the same but for one entry of `use:`. */
export function isSameBut(one: string, other: string, name: string): boolean {
  const [before, after] = [withoutUse(one, name), withoutUse(other, name)];
  return before !== undefined && JSON.stringify(before) === JSON.stringify(after);
}

function withoutUse(text: string, name: string): readonly [JsonObject, JsonObject] | undefined {
  const document = parseDocument(text);
  if (document.errors.length > 0) return undefined;
  try {
    const { use, ...rest } = asObject(document.toJS({ maxAliasCount: 100 }));
    const { [name]: _, ...others } = asObject(use ?? {});
    return [rest, others];
  } catch {
    return undefined; // An alias whose anchor was removed, or too many of them.
  }
}

export function lineBreak(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

export function lineStart(text: string, offset: number): number {
  const start = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  return start === 0 && text.startsWith("\uFEFF") ? Math.min(1, offset) : start;
}

export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end === -1 ? text.length : end + 1;
}

function keyStart({ key }: Pair): number | undefined {
  return isScalar(key) ? key.range?.[0] : undefined;
}

function isComment(line: string): boolean {
  return /^[ \t]*#/.test(line);
}

/** The start of the line behind the last character of an entry, its comments below not included. */
function contentEnd(text: string, { key, value }: Pair): number {
  if (isCollection(value) && value.flow !== true) {
    const last: unknown = value.items.at(-1);
    if (last !== undefined)
      return contentEnd(text, isMap(value) ? (last as Pair) : ({ value: last } as Pair));
  }
  const keyEnd = isScalar(key) ? (key.range?.[1] ?? 0) : 0;
  if (!isScalar(value) && !isAlias(value) && !isCollection(value)) return lineEnd(text, keyEnd);
  const [start, end] = value.range ?? [keyEnd, keyEnd];
  // An empty value may begin behind comments.
  if (start === end && keyEnd > 0) return lineEnd(text, keyEnd);
  if (!isScalar(value) || !value.type?.startsWith("BLOCK")) return lineEnd(text, end);
  const isKept = /^[|>]\d?\+/.test(text.slice(start, start + 3));
  return isKept ? end : lineEnd(text, text.slice(0, end).trimEnd().length);
}
