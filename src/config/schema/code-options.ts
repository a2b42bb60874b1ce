// Finds the options that are code: those that a schema marks `x-cel`, `x-template`, `x-regex` or `x-glob`.
// The plan compiles them, so that a mistake in one is reported at load, at its location, like a mistake in a
// channel.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import type { CodeOption } from "../values.ts";
import { optionKey } from "./option-key.ts";
import { branches, childSchemas, propertiesOf } from "./walk.ts";

const marks = { "x-cel": "cel", "x-template": "template", "x-regex": "regex", "x-glob": "glob" } as const;

/** For a valid value as written in YAML, with defaults; in its order. Empty texts are left out. */
export function codeOptions(schema: JsonSchema, options: JsonObject): CodeOption[] {
  const found: CodeOption[] = [];
  collect([schema], options, [], []);
  return found;

  function collect(
    schemas: readonly JsonSchema[],
    value: Json,
    path: CodeOption["path"],
    key: readonly string[],
  ): void {
    const here = schemas.flatMap((one) => branches(one, schema));
    if (typeof value === "string") {
      for (const [name, kind] of Object.entries(marks)) {
        const mark = here.find((one) => one[name] !== undefined)?.[name];
        if (mark === undefined || value === "") continue;
        found.push({ path, key: key.join("."), kind, text: value, mark: mark as Json });
      }
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const entries: [string | number, Json][] = Array.isArray(value)
      ? [...value.entries()]
      : Object.entries(value);
    for (const [name, inner] of entries) {
      const declared =
        typeof name === "number"
          ? undefined
          : here.map(propertiesOf).find((properties) => Object.hasOwn(properties, name))?.[name];
      const inCode = declared === undefined ? String(name) : optionKey(String(name), declared.format);
      const children = schemas.flatMap((one) => childSchemas(one, name, schema));
      collect(children, inner, [...path, name], [...key, inCode]);
    }
  }
}
