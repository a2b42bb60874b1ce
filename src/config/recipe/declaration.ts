// Converts the declaration of an input to JSON Schema: the types of the recipe format (list, secret, choice,
// duration, glob) and older spellings become the one form that the rest of the program reads.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import { asObject, isObject } from "../../json.ts";
import type { IssueDraft } from "../values.ts";
import { quoted } from "../yaml/problem.ts";

export type Declarations = Readonly<Record<string, JsonSchema>>;

/** The declarations of all inputs, by name. */
export function declaredInputs(header: JsonObject): Declarations {
  return Object.fromEntries(
    Object.entries(asObject(header.inputs)).flatMap(([name, written]) =>
      isObject(written) ? [[name, declarationOf(written)]] : [],
    ),
  );
}

/** Normalizes a declaration to `array`, `enum`, `examples`, `secret: true` and `format`. */
export function declarationOf(written: JsonObject): JsonSchema {
  const { type, example, choices, items, ...rest } = written;
  const common: JsonObject = {
    ...rest,
    ...(type === undefined ? {} : { type }),
    ...(items === undefined ? {} : { items }),
    ...(example === undefined ? {} : { examples: [example] }),
  };
  switch (type) {
    case "list":
    case "array":
      return {
        ...common,
        type: "array",
        ...(isObject(items)
          ? { items: declarationOf(items) }
          : type === "list"
            ? { items: { type: "string" } }
            : {}),
      };
    case "secret":
      return { ...common, type: "string", secret: true };
    case "choice":
      return { ...common, type: "string", ...(Array.isArray(choices) ? { enum: choices } : {}) };
    case "duration":
      return { ...common, type: "string", format: "duration" };
    case "glob":
      return { ...common, type: "string", "x-glob": true };
    default:
      return common;
  }
}

/** Former names of inputs -> current names. */
export function earlierNames(declared: Declarations): ReadonlyMap<string, string> {
  const names = Object.entries(declared).flatMap(([name, { deprecated }]) =>
    Array.isArray(deprecated)
      ? deprecated.flatMap((old: Json) => (typeof old === "string" ? [[old, name] as const] : []))
      : [],
  );
  return new Map(names.filter(([old]) => !Object.hasOwn(declared, old)).reverse());
}

/** Errors in the declaration of an input that the schema does not detect. */
export function writtenDrafts(
  name: string,
  written: JsonObject,
  known: Readonly<Record<string, unknown>>,
): IssueDraft[] {
  const at = ["inputs", name];
  const drafts: IssueDraft[] = [];
  const say = (path: (string | number)[], message: string, hint: string) =>
    void drafts.push({ path, code: "E_CONFIG_VALUE", message, hint });
  for (const [path, one] of [
    [at, written],
    [[...at, "items"], asObject(written.items)],
  ] as const) {
    if (one.type === "choice" && one.choices === undefined)
      say([...path, "type"], "a choice needs choices", "add  choices: [warning, error]");
    if (one.choices !== undefined && one.type !== "choice")
      say([...path, "choices"], "has an effect only with type: choice", "write  type: choice");
  }
  if (written.items !== undefined && written.type !== "list" && written.type !== "array")
    say([...at, "items"], "has an effect only with type: list", "write  type: list");
  if (Array.isArray(written.deprecated))
    for (const [index, old] of written.deprecated.entries())
      if (typeof old === "string" && Object.hasOwn(known, old))
        say(
          [...at, "deprecated", index],
          `${quoted(old)} is also the name of an input`,
          "a former name cannot be a current one: remove one of the two",
        );
  return drafts;
}
