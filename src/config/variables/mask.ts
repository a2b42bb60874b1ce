// Masks secrets in displayed lines of the config file. The schema says which values are secret; in a broken
// file, or under a mistyped key, the name of the key decides. `${...}` alone is a reference, not a secret.

import { isAlias, isMap, isScalar, isSeq, type Node, visit } from "yaml";
import type { ParsedDocument } from "../yaml/problem.ts";

/** Start and end in the file's text. */
export type Mask = readonly [number, number];

const shown = "***";

const secretWord =
  "(?:secrets?|tokens?|passwords?|passwd|passphrases?|api[-_]?keys?|private[-_]?keys?|credentials?|authorization)";
const secretKey = new RegExp(`^(?:.*[-_])?${secretWord}$`, "i");
const secretInLine = new RegExp(
  `((?:^|[\\s{,"'])(?:[\\w-]*[-_])?${secretWord}["']?\\s*:\\s+)((?:"(?:[^"\\\\]|\\\\.)*"?|'(?:[^']|'')*'?|[^\\s,}#{&|>"'*][^,}#]*))`,
  "gi",
);

export function isSecretKey(key: string): boolean {
  return secretKey.test(key);
}

/** False for text that only refers to a secret. A default inside `${A:-x}` is a literal. */
export function holdsLiteral(text: string): boolean {
  return text.includes(":-") || text.replace(/\$\{(?:(?!\$\{)[^}])*\}/g, "").trim() !== "";
}

/** The values of all keys that sound secret, from `top` down. */
export function masksByKeyName(top: ParsedDocument | Node): Mask[] {
  const masks: Mask[] = [];
  const add = (node: Node | null) => {
    if (isSeq<Node>(node)) node.items.forEach(add);
    if (!isScalar(node) || isAlias(node) || !node.range) return;
    if (typeof node.value !== "string" || holdsLiteral(node.value))
      masks.push([node.range[0], node.range[1]]);
  };
  visit(top, {
    Map(_, map) {
      if (!isMap<Node, Node | null>(map)) return;
      for (const { key, value } of map.items) {
        if (isScalar(key) && secretKey.test(String(key.value))) add(value);
      }
    },
  });
  return masks;
}

/**
 * The line with its secrets masked, and the new offset of the character at `caret`. `byKeyName`: also masks
 * the text after a key that sounds secret.
 */
export function maskLine(
  line: string,
  start: number,
  caret: number,
  masks: readonly Mask[],
  byKeyName: boolean,
): [string, number] {
  const cuts = masks
    .map(([from, to]): Mask => [Math.max(from - start, indentOf(line)), Math.min(to - start, line.length)])
    .filter(([from, to]) => from < to);
  for (const match of byKeyName ? line.matchAll(secretInLine) : []) {
    const [whole, lead, value] = match as unknown as [string, string, string];
    const from = match.index + lead.length;
    if (holdsLiteral(value.replace(/^["']|["']$/g, "")))
      cuts.push([from, match.index + whole.trimEnd().length]);
  }
  let text = "";
  let done = 0;
  let moved = caret;
  for (const [from, to] of merged(cuts)) {
    text += line.slice(done, from) + shown;
    done = to;
    if (caret >= to) moved += shown.length - (to - from);
    else if (caret > from) moved = text.length - shown.length;
  }
  return [text + line.slice(done), moved];
}

function merged(cuts: readonly Mask[]): Mask[] {
  const result: Mask[] = [];
  for (const [from, to] of [...cuts].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1]) result[result.length - 1] = [last[0], Math.max(last[1], to)];
    else result.push([from, to]);
  }
  return result;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
