// The schema of schemas (JSON Schema draft 07), compiled when the program is built: Ajv would compile it at each start of a config with
// sinks, which takes longer than all the rest of the plan.

import draft07 from "ajv/dist/refs/json-schema-draft-07.json" with { type: "json" };
import type { JsonSchema } from "../../contract.ts";

function bare(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(bare);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([key]) => !["$id", "$schema", "format", "default"].includes(key),
  );
  return Object.fromEntries(
    kept.map(([key, value]) => [key, named.has(key) ? eachBare(value) : bare(value)]),
  );
}

/** Keywords whose keys are names, and no keywords. */
const named = new Set(["properties", "definitions"]);

function eachBare(schemas: object): object {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, bare(schema)]));
}

/** Without an id, which is Ajv's own, and without formats and defaults: those would be filled into what is checked. */
export const metaSchema = bare(draft07) as JsonSchema;
