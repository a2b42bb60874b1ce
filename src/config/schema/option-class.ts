// How the value of an option is used, according to its schema: `x-inert`, `x-credential` and `x-shown`.
// Closed by default: an unmarked option leaves this machine.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import type { Path } from "../yaml/problem.ts";
import { type OptionClass, type SchemaNode, schemaTree } from "./schema-tree.ts";

interface Position {
  readonly node: SchemaNode;
  readonly class: OptionClass;
}

/** A mark applies to the items and the free keys below it, but not to a declared option: that has its own. */
function step({ node, class: above }: Position, key: string | number): Position {
  const child = node.child(key);
  return { node: child, class: child.marked ?? (node.declares(key) ? "outward" : above) };
}

function start(root: JsonSchema): Position {
  const node = schemaTree(root);
  return { node, class: node.marked ?? "outward" };
}

export function classOf(root: JsonSchema, path: Path): OptionClass {
  return path.reduce(step, start(root)).class;
}

interface Leaf {
  readonly path: Path;
  readonly class: OptionClass;
  readonly value: Json;
}

/**
 * Everything in `options` that is not inert, keys of mappings in alphabetical order; `leaf` maps each value.
 */
export function withoutInert(root: JsonSchema, options: JsonObject, leaf: (leaf: Leaf) => Json): JsonObject {
  return (collect(options, [], start(root)) ?? {}) as JsonObject;

  function collect(value: Json, path: Path, position: Position): Json | undefined {
    if (Array.isArray(value)) {
      const items = value.map((item, index) => collect(item, [...path, index], step(position, index)));
      if (items.every((item) => item === undefined) && position.class === "inert") return undefined;
      return items.map((item) => item ?? null);
    }
    if (typeof value !== "object" || value === null)
      return position.class === "inert" ? undefined : leaf({ path, class: position.class, value });
    const kept: JsonObject = Object.create(null);
    for (const key of Object.keys(value).sort()) {
      const inner = collect(value[key] as Json, [...path, key], step(position, key));
      if (inner !== undefined) kept[key] = inner;
    }
    return Object.keys(kept).length === 0 && position.class === "inert" ? undefined : kept;
  }
}
