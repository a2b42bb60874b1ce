// Converts values as written in YAML to values as the code reads them: declared keys in camelCase, units as
// numbers. Only keys that the schema declares change. User-chosen keys (headers, meta, match paths) stay as
// they are.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import { parseDuration, parseRate, parseSize } from "../units.ts";
import { type SchemaNode, schemaTree } from "./schema-tree.ts";

/**
 * `{max_body: "1MiB"}` -> `{maxBodyBytes: 1048576}`. The value must already be valid for the schema, with its
 * defaults filled in. The result shares nothing with the value.
 */
export function toOptions(schema: JsonSchema, value: JsonObject): JsonObject {
  return convert(schemaTree(schema), value) as JsonObject;
}

function convert(node: SchemaNode, value: Json): Json {
  if (typeof value === "string") return unitValue(node, value) ?? value;
  if (Array.isArray(value)) return value.map((item) => convert(node.child(0), item));
  if (typeof value !== "object" || value === null) return value;
  const result: JsonObject = {};
  for (const [key, inner] of Object.entries(value))
    result[node.nameOf(key)] = convert(node.child(key), inner);
  return result;
}

function unitValue({ formats }: SchemaNode, text: string): Json | undefined {
  for (const format of formats) {
    const value = readUnit(format, text);
    if (value !== undefined) return value;
  }
  return undefined;
}

function readUnit(format: unknown, text: string): Json | undefined {
  if (format === "duration") return parseDuration(text);
  if (format === "size") return parseSize(text);
  if (format === "rate") return parseRate(text) as JsonObject | undefined;
  return undefined;
}
