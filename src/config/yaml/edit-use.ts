// Reads and edits the entries of `use:` in the text of a config, and leaves every other character as it is.

import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { Json, JsonObject } from "../../contract.ts";
import { asObject, isObject } from "../../json.ts";
import {
  entryEnd,
  entrySpan,
  insertLast,
  isSameBut,
  lineEnd,
  lineStart,
  withoutSpans,
} from "./entry-lines.ts";

export type UseChange = { readonly text: string } | { readonly problem: string };

export interface UseEntry {
  readonly name: string;
  /** As written; empty when it is not a text. */
  readonly recipe: string;
  readonly with: JsonObject;
}

/** Empty for a text that is not a valid config. */
export function useEntries(text: string): UseEntry[] {
  return readUse(text) ?? [];
}

/** Undefined for a text that cannot be read: what it uses is unknown. */
export function readUse(text: string): UseEntry[] | undefined {
  const document = parseDocument(text);
  if (document.errors.length > 0) return undefined;
  try {
    const use: Json | undefined = asObject(document.toJS({ maxAliasCount: 100 })).use;
    if (use !== undefined && use !== null && !isObject(use)) return undefined;
    return Object.entries(asObject(use)).map(([name, entry]) => {
      const { recipe, with: given } = asObject(entry as Json);
      return { name, recipe: typeof recipe === "string" ? recipe : "", with: asObject(given) };
    });
  } catch {
    return undefined; // More aliases than a config may have.
  }
}

/** Writes another reference after `recipe:`. */
export function setReference(text: string, name: string, reference: string): UseChange {
  const found = findEntry(text, name);
  if ("problem" in found) return found;
  const value = isMap(found.pair.value) ? found.pair.value.get("recipe", true) : undefined;
  const isText = isScalar(value) && !value.type?.startsWith("BLOCK") && value.anchor === undefined;
  if (!isText || !value.range) return { problem: `recipe: of use.${name} is not written as a plain text` };
  const [from, to] = value.range;
  return { text: `${text.slice(0, from)}${reference}${text.slice(to)}` };
}

/** Adds inputs at the end of the `with:` of an entry. `lines`: without indentation. */
export function addInputs(text: string, name: string, lines: readonly string[]): UseChange {
  const found = findEntry(text, name);
  if ("problem" in found) return found;
  const entry = found.pair.value;
  const unknown = { problem: `use.${name} is not written as a block` };
  if (!isMap(entry) || entry.flow === true) return unknown;
  const given = pairOf(entry as YAMLMap, "with");
  if (given === undefined) {
    const all = ["with:", ...lines.map((one) => `  ${one}`)];
    return checked(text, name, [insertLast(text, entry as YAMLMap, all)]) ?? unknown;
  }
  const added =
    isMap(given.value) && given.value.flow !== true
      ? insertLast(text, given.value as YAMLMap, lines)
      : undefined;
  return checked(text, name, [added]) ?? { problem: `with: of use.${name} is not written as a block` };
}

/** Removes the lines of an entry and its comments; of the last one `use:` itself, too. Other comments stay. */
export function removeUse(text: string, name: string): UseChange {
  const found = findEntry(text, name);
  if ("problem" in found) return found;
  const { pair, use, usePair } = found;
  const unknown = { problem: `use.${name} is not on lines of its own` };
  const section = isScalar(usePair.key) ? usePair.key.range?.[0] : undefined;
  const before = use.items[use.items.indexOf(pair as (typeof use.items)[number]) - 1];
  const key = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
  if (section === undefined || key === undefined) return unknown;
  const column = key - lineStart(text, key);
  const above = before === undefined ? lineEnd(text, section) : entryEnd(text, before, column);
  const span = entrySpan(text, pair, above);
  if (span === undefined) return unknown;
  if (use.items.length > 1) {
    // Blank lines below would become a part of a value above that keeps its line breaks.
    const blanks = /^(?:[ \t]*\r?\n)*/.exec(text.slice(span.end))?.[0].length ?? 0;
    const spans = [span, { ...span, end: span.end + blanks }];
    return (
      checked(
        text,
        name,
        spans.flatMap((one) => withoutSpans(text, [one])),
      ) ?? unknown
    );
  }
  const line = { start: lineStart(text, section), end: lineEnd(text, section) };
  if (text.slice(line.start, section).trim() !== "") return unknown;
  // The blank line that was added with it.
  const isAlone = line.end === span.start && span.end === text.length;
  const blank = isAlone ? (/(?:^|\n)(\r?\n)$/.exec(text.slice(0, line.start))?.[1]?.length ?? 0) : 0;
  return (
    checked(text, name, [
      ...withoutSpans(text, [{ ...line, start: line.start - blank }, span]),
      ...withoutSpans(text, [line, span]),
    ]) ?? unknown
  );
}

/** The first text that changes nothing but this entry. */
function checked(
  text: string,
  name: string,
  edited: readonly (string | undefined)[],
): { readonly text: string } | undefined {
  const found = edited.find((one) => one !== undefined && isSameBut(text, one, name));
  return found === undefined ? undefined : { text: found };
}

type FoundEntry =
  | { readonly problem: string }
  | { readonly pair: Pair; readonly use: YAMLMap; readonly usePair: Pair };

function findEntry(text: string, name: string): FoundEntry {
  const document = parseDocument(text);
  if (document.errors.length > 0) return { problem: "the file is not valid YAML" };
  const root = document.contents;
  const usePair = isMap(root) ? pairOf(root as YAMLMap, "use") : undefined;
  const use = usePair?.value;
  if (usePair === undefined || !isMap(use)) return { problem: "the file has no use:" };
  if (use.flow === true) return { problem: "use: is not written as a block" };
  const pair = pairOf(use as YAMLMap, name);
  return pair === undefined ? { problem: `use: has no ${name}` } : { pair, use: use as YAMLMap, usePair };
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}
