// Finds the part of a JSON Schema that applies to a path in a value. Pure look-ups; it decides nothing about
// validity. Where a schema has branches (`anyOf` and the like) all of them apply.

import type { JsonSchema } from "../../contract.ts";

type Path = readonly (string | number)[];

/** The schema itself and every branch of it, flat. */
export function branches(schema: JsonSchema, root: JsonSchema = schema): readonly JsonSchema[] {
  const found: JsonSchema[] = [schema];
  for (const keyword of ["anyOf", "oneOf", "allOf"]) {
    const list = schema[keyword];
    if (Array.isArray(list)) for (const branch of list) found.push(...branches(branch as JsonSchema, root));
  }
  for (const keyword of ["if", "then", "else"]) {
    const branch = schema[keyword];
    if (isSchema(branch)) found.push(...branches(branch, root));
  }
  const reference = schema.$ref;
  if (typeof reference === "string") {
    const target = schemaAtPointer(root, reference);
    if (target !== undefined) found.push(...branches(target, root));
  }
  return found;
}

/** Every schema that applies to the child `key` of a value that `schema` describes. */
export function childSchemas(
  schema: JsonSchema,
  key: string | number,
  root: JsonSchema,
): readonly JsonSchema[] {
  return branches(schema, root).flatMap((branch) => {
    // It applies to everything below it.
    if (branch["x-deep"] === true) return [branch];
    if (typeof key === "number") return isSchema(branch.items) ? [branch.items] : [];
    const declared = propertiesOf(branch);
    if (Object.hasOwn(declared, key)) return [declared[key]!];
    return isSchema(branch.additionalProperties) ? [branch.additionalProperties] : [];
  });
}

/** Every schema that applies to the value at `path`, including branches. Empty where none does. */
export function schemasAt(root: JsonSchema, path: Path): readonly JsonSchema[] {
  let current: readonly JsonSchema[] = [root];
  for (const key of path) current = current.flatMap((schema) => childSchemas(schema, key, root));
  return current.flatMap((schema) => branches(schema, root));
}

/** Follows a JSON pointer with `#` in front, as in Ajv's `schemaPath` and in `$ref`. */
export function schemaAtPointer(root: JsonSchema, pointer: string): JsonSchema | undefined {
  let current: unknown = root;
  for (const part of pointer.replace(/^#\/?/, "").split("/")) {
    if (part === "") continue;
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return isSchema(current) ? current : undefined;
}

export function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return isSchema(schema.properties) ? (schema.properties as Readonly<Record<string, JsonSchema>>) : {};
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
