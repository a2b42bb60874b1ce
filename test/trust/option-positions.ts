// Every place in the config where a value can stand, read from the schemas: each option, each item of a list, each key and value of a
// map. A new option is here by itself; without a mark in its schema, or without a value to try it with, the tests that use this fail.

import { type OptionClass, type SchemaNode, schemaTree } from "../../src/config/schema/schema-tree.ts";
import type { Path } from "../../src/config/yaml/problem.ts";
import { connectors, sinkTypes } from "../../src/connectors/index.ts";
import type { Json, JsonObject, JsonSchema } from "../../src/contract.ts";

export interface Position {
  /** `poll url`, `poll headers.*`, `http sink request.headers.*`. */
  readonly name: string;
  /** In the component. A key of a map is `a_key`. */
  readonly path: Path;
  /** All that the schema says there. */
  readonly schemas: readonly JsonSchema[];
  /** Undefined: nobody has thought about it. */
  readonly marked: OptionClass | undefined;
}

export interface Component {
  readonly section: "sources" | "sinks";
  readonly type: string;
  readonly schema: JsonSchema;
}

export async function allComponents(): Promise<Component[]> {
  const sources = await Promise.all(connectors.map((one) => one.load()));
  const sinks = await Promise.all(sinkTypes.map((one) => one.load()));
  return [
    ...sources.map(({ type, options }) => ({ section: "sources" as const, type, schema: options })),
    ...sinks.map(({ type, options }) => ({ section: "sinks" as const, type, schema: options })),
  ];
}

export function positionsOf(root: JsonSchema, title: string): Position[] {
  const found: Position[] = [];
  walk(schemaTree(root), [], [], undefined);
  return found;

  function walk(
    node: SchemaNode,
    path: Path,
    words: readonly string[],
    above: OptionClass | undefined,
  ): void {
    const { schemas: all, keys: named } = node;
    const marked = node.marked ?? above;
    const isMap = all.some(({ additionalProperties }) => isSchema(additionalProperties));
    const isList = all.some(({ items }) => isSchema(items));
    const isDeep = all.some((one) => one["x-deep"] === true);
    const hasScalar = all.some(isScalar);
    const name = `${title} ${words.join(".")}`;
    // Any value may stand there, and what the schema says holds for all of it.
    if (isDeep) {
      found.push({ name, path: [...path, "a_key"], schemas: all, marked });
      return;
    }
    if (hasScalar || (!isMap && !isList && named.length === 0))
      found.push({ name, path, schemas: all, marked });
    const go = (key: string | number, word: string, inherited: OptionClass | undefined) =>
      walk(node.child(key), [...path, key], [...words, word], inherited);
    // What is declared has a mark of its own; items and free keys have that of what they stand in.
    for (const key of named) go(key, key, undefined);
    if (isMap) go("a_key", "*", marked);
    if (isList) go(0, "[]", marked);
  }
}

function isSchema(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const scalars = ["string", "number", "integer", "boolean"];

function isScalar({ type, enum: values, const: only }: JsonSchema): boolean {
  return (
    values !== undefined || only !== undefined || [type].flat().some((one) => scalars.includes(String(one)))
  );
}

/** The value with another one at a path, made on the way where there is none. */
export function withValue(root: Json, path: Path, value: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof key === "number") {
    const list = Array.isArray(root) ? [...root] : [];
    list[key] = withValue(list[key] ?? null, rest, value);
    return list;
  }
  const map: JsonObject =
    typeof root === "object" && root !== null && !Array.isArray(root) ? { ...root } : {};
  map[key] = withValue(map[key] ?? null, rest, value);
  return map;
}
