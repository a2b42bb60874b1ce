// The arguments of a sink, which are user-defined JSON Schema: which parts Claude reads, and which are values
// that are sent.

import type { Json, JsonObject } from "../../contract.ts";
import { isObject } from "../../json.ts";
import type { Path } from "../yaml/problem.ts";

const listsOfSchemas: ReadonlySet<string | number> = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const mapsOfSchemas: ReadonlySet<string | number> = new Set([
  "properties",
  "patternProperties",
  "dependentSchemas",
  "$defs",
  "definitions",
]);
const schemas: ReadonlySet<string | number> = new Set([
  "items",
  "additionalItems",
  "additionalProperties",
  "contains",
  "propertyNames",
  "not",
  "if",
  "then",
  "else",
]);
/** They do not restrict what may be sent. */
const words: ReadonlySet<string> = new Set(["title", "description", "examples", "$comment"]);

/** Length of the path of the `default` that contains a path below `input`; undefined when none does. */
export function defaultAt(path: Path): number | undefined {
  let index = 1;
  while (index < path.length) {
    const key = path[index] as string | number;
    if (key === "default") return index + 1;
    if (schemas.has(key)) index += typeof path[index + 1] === "number" ? 2 : 1;
    else if (listsOfSchemas.has(key) || mapsOfSchemas.has(key)) index += 2;
    else return undefined;
  }
  return undefined;
}

/** Without keys that only describe. */
export function boundInput(input: JsonObject): JsonObject {
  return mapOf(input);

  function mapOf(map: JsonObject): JsonObject {
    return Object.fromEntries(
      Object.keys(map)
        .sort()
        .map((name) => [name, schemaOf(map[name] as Json)]),
    );
  }

  function schemaOf(schema: Json): Json {
    if (typeof schema !== "object" || schema === null) return schema;
    if (Array.isArray(schema)) return schema.map(schemaOf);
    return Object.fromEntries(
      Object.keys(schema)
        .filter((key) => !words.has(key))
        .sort()
        .map((key) => {
          const inner = schema[key] as Json;
          if (mapsOfSchemas.has(key) && isObject(inner)) return [key, mapOf(inner)];
          return [key, schemas.has(key) || listsOfSchemas.has(key) ? schemaOf(inner) : inner];
        }),
    );
  }
}

/**
 * The version that Claude sees: a default from a variable or a file is left out, and so the argument becomes
 * optional.
 */
export function shownInput(input: JsonObject, hiddenDefaults: readonly Path[]): JsonObject {
  const shown = structuredClone(input);
  for (const path of hiddenDefaults) {
    const holder = path.slice(0, -1).reduce<Json | undefined>((value, key) => {
      return (value as Record<string | number, Json> | null | undefined)?.[key];
    }, shown);
    if (isObject(holder)) delete holder[String(path.at(-1))];
  }
  return shown;
}
