// Converts values as written in YAML to values as the code reads them: declared keys in camelCase, units as
// numbers. Only keys that the schema declares change. User-chosen keys (headers, meta, match paths) stay as
// they are.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import { parseDuration, parseRate, parseSize } from "../units.ts";
import { optionKey } from "./option-key.ts";
import { branches, childSchemas, propertiesOf } from "./walk.ts";

/**
 * `{max_body: "1MiB"}` -> `{maxBodyBytes: 1048576}`. The value must already be valid for the schema, with its
 * defaults filled in. The result shares nothing with the value.
 */
export function toOptions(schema: JsonSchema, value: JsonObject): JsonObject {
  return convert([schema], value, schema) as JsonObject;
}

function convert(schemas: readonly JsonSchema[], value: Json, root: JsonSchema): Json {
  if (typeof value === "string") return unitValue(schemas, value, root) ?? value;
  if (Array.isArray(value)) {
    const items = schemas.flatMap((schema) => childSchemas(schema, 0, root));
    return value.map((item) => convert(items, item, root));
  }
  if (typeof value !== "object" || value === null) return value;
  const result: JsonObject = {};
  const all = schemas.flatMap((schema) => branches(schema, root));
  for (const [key, inner] of Object.entries(value)) {
    const declared = all.map(propertiesOf).find((properties) => Object.hasOwn(properties, key))?.[key];
    const name = declared === undefined ? key : optionKey(key, declared.format);
    const children = schemas.flatMap((schema) => childSchemas(schema, key, root));
    result[name] = convert(children, inner, root);
  }
  return result;
}

function unitValue(schemas: readonly JsonSchema[], text: string, root: JsonSchema): Json | undefined {
  for (const { format } of schemas.flatMap((schema) => branches(schema, root))) {
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
