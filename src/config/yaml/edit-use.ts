// Reads and edits the entries of `use:` in the text of a config, and leaves every other character as it is.

import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { Json, JsonObject } from "../../contract.ts";
import { asObject } from "../../json.ts";

export type UseChange = { readonly text: string } | { readonly problem: string };

export interface UseEntry {
  readonly name: string;
  /** As written; empty when it is not a text. */
  readonly recipe: string;
  readonly with: JsonObject;
}

/** Empty for a text that is not a valid config. */
export function useEntries(text: string): UseEntry[] {
  const document = parseDocument(text);
  if (document.errors.length > 0) return [];
  try {
    const use = asObject(asObject(document.toJS({ maxAliasCount: 100 })).use);
    return Object.entries(use).map(([name, entry]) => {
      const { recipe, with: given } = asObject(entry as Json);
      return { name, recipe: typeof recipe === "string" ? recipe : "", with: asObject(given) };
    });
  } catch {
    return []; // More aliases than a config may have.
  }
}

/** Writes another reference after `recipe:`. */
export function setReference(text: string, name: string, reference: string): UseChange {
  const found = findEntry(text, name);
  if ("problem" in found) return found;
  const value = isMap(found.pair.value) ? found.pair.value.get("recipe", true) : undefined;
  if (!isScalar(value) || !value.range || value.anchor !== undefined)
    return { problem: `recipe: of use.${name} is not written as a plain text` };
  const [from, to] = value.range;
  return { text: `${text.slice(0, from)}${reference}${text.slice(to)}` };
}

/** Adds inputs to the `with:` of an entry. `lines`: without indentation. */
export function addInputs(text: string, name: string, lines: readonly string[]): UseChange {
  const found = findEntry(text, name);
  if ("problem" in found) return found;
  const entry = found.pair.value;
  const unknown = { problem: `use.${name} is not written as a block` };
  if (!isMap(entry) || entry.flow === true) return unknown;
  const first = pairOf(entry as YAMLMap, "with");
  const at = (key: unknown) => (isScalar(key) ? (key.range?.[0] ?? -1) : -1);
  const lineStart = (offset: number) => text.lastIndexOf("\n", offset - 1) + 1;
  const insert = (offset: number, all: readonly string[]): UseChange => ({
    text: text.slice(0, offset) + all.map((one) => `${one}\n`).join("") + text.slice(offset),
  });
  if (first === undefined) {
    const key = at(entry.items[0]?.key);
    const start = lineStart(key);
    const space = text.slice(start, key);
    if (key < 0 || space.trim() !== "") return unknown;
    return insert(start, [`${space}with:`, ...lines.map((one) => `${space}  ${one}`)]);
  }
  const given = first.value;
  const key = isMap(given) && given.flow !== true ? at(given.items[0]?.key) : -1;
  const start = lineStart(key);
  const space = text.slice(start, key);
  if (key < 0 || space.trim() !== "") return { problem: `with: of use.${name} is not written as a block` };
  return insert(
    start,
    lines.map((one) => `${space}${one}`),
  );
}

/** Removes the lines of an entry; the last one with `use:` itself. Comments before it stay. */
export function removeUse(text: string, name: string): UseChange {
  const found = findEntry(text, name);
  if ("problem" in found) return found;
  const { pair, use, usePair } = found;
  const removed = use.items.length === 1 ? usePair : pair;
  const start = isScalar(removed.key) ? (removed.key.range?.[0] ?? -1) : -1;
  if (start < 0) return { problem: `use.${name} is not written as a block` };
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  if (text.slice(lineStart, start).trim() !== "")
    return { problem: `use.${name} is not on lines of its own` };
  const valueEnd = text.slice(0, endOf(pair, start)).trimEnd().length;
  const lineEnd = text.indexOf("\n", valueEnd);
  return { text: text.slice(0, lineStart) + (lineEnd === -1 ? "" : text.slice(lineEnd + 1)) };
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

/** Where the value of an entry ends, without what follows it. */
function endOf({ key, value }: Pair, start: number): number {
  const range = (value as { readonly range?: readonly number[] | null } | null)?.range ?? undefined;
  return range?.[1] ?? (isScalar(key) ? (key.range?.[1] ?? start) : start);
}
