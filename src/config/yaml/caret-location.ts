// Maps a path in the YAML to a location in the file. A path that leads nowhere (a missing key) maps to the
// nearest existing parent; with an offset, one that leads into a scalar (the short form of an option) maps to
// that scalar. An alias maps to its target, because that is where the fix goes.

import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import type { IssueDraft } from "../values.ts";
import type { ParsedDocument, Path } from "./problem.ts";
import { offsetInFile } from "./scalar-offsets.ts";

export interface Locator {
  /** Offset in the file's text. */
  offsetOf(draft: Pick<IssueDraft, "path" | "on" | "offset">): number;
  /** The same for an offset in the scalar before `${}` was replaced. */
  originalOffsetOf(draft: Pick<IssueDraft, "path" | "on" | "offset">): number;
  /** The node at exactly this path, aliases followed. */
  nodeAt(path: Path): Node | undefined;
  /** Range of the value at exactly this path; undefined without one. */
  rangeOf(path: Path): readonly [number, number] | undefined;
}

export function createLocator(
  document: ParsedDocument | undefined,
  text: string,
  aliases: ReadonlyMap<Alias, Node>,
  /**
   * True when the scalar at this path contains `${`: offsets in its resolved value mean nothing in the file.
   */
  isSubstituted: (path: Path) => boolean,
): Locator {
  const pairs = new WeakMap<YAMLMap, Map<string, Pair<Node, Node | null>>>();

  const behind = (node: Node | null | undefined): Node | undefined =>
    isAlias(node) ? (aliases.get(node) ?? node) : (node ?? undefined);

  function pairOf(map: YAMLMap<Node, Node | null>, key: string): Pair<Node, Node | null> | undefined {
    let byKey = pairs.get(map);
    if (byKey === undefined) {
      byKey = new Map();
      for (const pair of map.items) {
        if (!isScalar(pair.key)) continue;
        const name = typeof pair.key.value === "string" ? pair.key.value : (pair.key.source ?? "");
        if (!byKey.has(name)) byKey.set(name, pair);
      }
      pairs.set(map, byKey);
    }
    return byKey.get(key);
  }

  /**
   * The deepest node on the way: its value, its key when it is in a mapping, and whether that is the whole
   * path.
   */
  function walk(path: Path): {
    readonly value: Node | undefined;
    readonly key: Node | undefined;
    readonly whole: boolean;
    readonly leadsIntoScalar?: boolean;
  } {
    let value = behind(document?.contents);
    let key: Node | undefined;
    for (const step of path) {
      if (isMap<Node, Node | null>(value)) {
        const pair = pairOf(value, String(step));
        if (pair === undefined) return { value, key, whole: false };
        key = pair.key;
        value = behind(pair.value);
      } else if (isSeq<Node>(value) && typeof step === "number" && step < value.items.length) {
        key = undefined;
        value = behind(value.items[step]);
      } else {
        return { value, key, whole: false, leadsIntoScalar: isScalar(value) };
      }
    }
    return { value, key, whole: true };
  }

  function originalOffsetOf({ path, on, offset }: Pick<IssueDraft, "path" | "on" | "offset">): number {
    const { value, key, leadsIntoScalar, ...walked } = walk(path);
    const whole = walked.whole || (leadsIntoScalar && offset !== undefined);
    const start = value?.range?.[0];
    const isEmpty = isScalar(value) && value.range?.[0] === value.range?.[1];
    if (key !== undefined && (on === "key" || !whole || isEmpty || start === undefined))
      return key.range?.[0] ?? 0;
    const inside =
      offset !== undefined && whole && isScalar(value) ? offsetInFile(value, offset, text) : undefined;
    return inside ?? start ?? 0;
  }

  return {
    originalOffsetOf,
    offsetOf: ({ path, on, offset }) =>
      originalOffsetOf({
        path,
        ...(on === undefined ? {} : { on }),
        ...(offset === undefined || isSubstituted(path) ? {} : { offset }),
      }),
    nodeAt(path) {
      const { value, whole } = walk(path);
      return whole ? value : undefined;
    },
    rangeOf(path) {
      const { value, whole } = walk(path);
      return whole && value?.range ? [value.range[0], value.range[1]] : undefined;
    },
  };
}
