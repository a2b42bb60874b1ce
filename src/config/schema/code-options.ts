// Finds the options that are code: those that a schema marks `x-cel`, `x-template`, `x-regex` or `x-glob`.
// The plan compiles them, so that a mistake in one is reported at load, at its location, like a mistake in a
// channel.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import type { CodeOption } from "../values.ts";
import { type SchemaNode, schemaTree } from "./schema-tree.ts";

/** For a valid value as written in YAML, with defaults; in its order. Empty texts are left out. */
export function codeOptions(schema: JsonSchema, options: JsonObject): CodeOption[] {
  const found: CodeOption[] = [];
  collect(schemaTree(schema), options, [], []);
  return found;

  function collect(node: SchemaNode, value: Json, path: CodeOption["path"], key: readonly string[]): void {
    if (typeof value === "string") {
      if (value === "") return;
      for (const code of node.code) found.push({ path, key: key.join("."), ...code, text: value });
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const entries: [string | number, Json][] = Array.isArray(value)
      ? [...value.entries()]
      : Object.entries(value);
    for (const [name, inner] of entries) {
      const inCode = typeof name === "number" ? String(name) : node.nameOf(name);
      collect(node.child(name), inner, [...path, name], [...key, inCode]);
    }
  }
}
