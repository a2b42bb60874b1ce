// Adds a channel or a test to the text of a config and leaves every other character as it is.

import { isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from "yaml";
import type { JsonObject } from "../../contract.ts";
import { asObject } from "../../json.ts";
import { entryEnd, entrySpan, insertLast, lineBreak, lineEnd, lineStart } from "./entry-lines.ts";

/**
 * `lines`: of the entry, without indentation, its name or `- ` first. `before`: the channel above which it is put; otherwise it is
 * the last. Undefined where the section is not written as a block, or the result would not be the same config with this entry.
 */
export function addEntry(
  text: string,
  section: "channels" | "tests",
  lines: readonly string[],
  before?: string,
): string | undefined {
  const document = parseDocument(text);
  const root = document.contents;
  if (document.errors.length > 0 || (root !== null && !isMap(root))) return undefined;
  const pair = root?.items.find(({ key }) => isScalar(key) && key.value === section);
  const added = withEntry(text, pair, section, lines, before);
  return added.find((one) => one !== undefined && isSameBut(text, one, section));
}

function withEntry(
  text: string,
  pair: Pair | undefined,
  section: string,
  lines: readonly string[],
  before: string | undefined,
): (string | undefined)[] {
  const value = pair?.value;
  if (pair === undefined || value === null || (isScalar(value) && value.value === null))
    return pair === undefined ? withSection(text, section, lines) : [];
  const top = isScalar(pair.key) ? lineEnd(text, pair.key.range?.[1] ?? 0) : 0;
  if (isMap(value) && value.flow !== true) return [inMap(text, value, { lines, before, top })];
  if (isSeq(value) && value.flow !== true) return [lastOfList(text, value, lines)];
  return [];
}

function inMap(
  text: string,
  map: YAMLMap,
  {
    lines,
    before,
    top,
  }: { readonly lines: readonly string[]; readonly before: string | undefined; readonly top: number },
): string | undefined {
  const next = map.items.find(({ key }) => isScalar(key) && key.value === before);
  if (before === undefined || next === undefined) return insertLast(text, map, lines);
  const span = entrySpan(text, next, aboveOf(text, map, next, top));
  const key = isScalar(next.key) ? next.key.range?.[0] : undefined;
  if (span === undefined || key === undefined) return undefined;
  const indent = text.slice(lineStart(text, key), key);
  const eol = lineBreak(text);
  return (
    text.slice(0, span.start) + lines.map((one) => `${indent}${one}${eol}`).join("") + text.slice(span.start)
  );
}

/** Where comments above an entry begin at the earliest. `top`: below the line of the section. */
function aboveOf(text: string, map: YAMLMap, entry: Pair, top: number): number {
  const index = map.items.indexOf(entry);
  const earlier = map.items[index - 1];
  if (earlier === undefined) return top;
  const key = isScalar(earlier.key) ? (earlier.key.range?.[0] ?? 0) : 0;
  return entryEnd(text, earlier, key - lineStart(text, key));
}

function lastOfList(text: string, list: YAMLSeq, lines: readonly string[]): string | undefined {
  const last = list.items.at(-1) as { range?: readonly [number, number, number] } | undefined;
  const [start, , end] = last?.range ?? [];
  if (start === undefined || end === undefined) return undefined;
  const dash = text.lastIndexOf("-", start);
  const indent = text.slice(lineStart(text, dash), dash);
  if (dash === -1 || indent.trim() !== "") return undefined;
  const eol = lineBreak(text);
  const added = lines.map((one) => `${indent}${one}${eol}`).join("");
  const at = end === text.length && !text.endsWith("\n") ? end : lineStart(text, end);
  return at === text.length && !text.endsWith("\n")
    ? `${text}${eol}${added}`
    : text.slice(0, at) + added + text.slice(at);
}

/** With a blank line above, or without one where it would be a part of the last value. */
function withSection(text: string, section: string, lines: readonly string[]): string[] {
  const eol = lineBreak(text);
  const isOpen = text !== "" && !text.endsWith("\n");
  const block = [`${section}:`, ...lines.map((one) => `  ${one}`)].join(eol);
  return [eol, ""].map((blank) => `${text}${isOpen ? eol : ""}${text === "" ? "" : blank}${block}${eol}`);
}

/** Whether both are the same but for one more entry of the section. */
function isSameBut(one: string, other: string, section: string): boolean {
  const [before, after] = [valuesOf(one), valuesOf(other)];
  if (before === undefined || after === undefined) return false;
  const { [section]: old, ...rest } = before;
  const { [section]: now, ...others } = after;
  if (JSON.stringify(rest) !== JSON.stringify(others)) return false;
  if (Array.isArray(now)) return JSON.stringify(now.slice(0, -1)) === JSON.stringify(old ?? []);
  const [earlier, entries] = [asObject(old ?? {}), asObject(now ?? {})];
  const same = Object.keys(earlier).filter(
    (name) => JSON.stringify(earlier[name]) === JSON.stringify(entries[name]),
  );
  return same.length === Object.keys(earlier).length && Object.keys(entries).length === same.length + 1;
}

function valuesOf(text: string): JsonObject | undefined {
  const document = parseDocument(text);
  if (document.errors.length > 0) return undefined;
  try {
    return asObject(document.toJS({ maxAliasCount: 100 }) ?? {});
  } catch {
    return undefined; // Too many aliases.
  }
}
