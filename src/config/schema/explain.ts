// Turns Ajv's errors into problems that the user can act on: one per mistake, in plain words, with what to
// type. Values are shown only when they were typed into the file and are not secret.

import type { Json, JsonSchema, SchemaError } from "../../contract.ts";
import { asObject } from "../../json.ts";
import {
  type Explanation,
  exampleFor,
  exampleHint,
  found,
  notAllowed,
  wrongFormat,
  wrongKind,
  wrongPattern,
} from "../describe-value.ts";
import { nameProblem } from "../names.ts";
import type { IssueDraft } from "../values.ts";
import { type Path, pathKey, pathOfPointer, quoted, valueAt } from "../yaml/problem.ts";
import { meantErrors } from "./branch-choice.ts";
import { propertiesOf, schemaAtPointer } from "./schema-tree.ts";
import { type KeySuggestion, meantKey } from "./synonyms.ts";

export interface ExplainContext {
  /** The schema that was used, and the value that was checked. */
  readonly schema: JsonSchema;
  readonly value: Json;
  /** The path of the value in the file. */
  readonly prefix: Path;
  /** Keys that are allowed at the top of the value besides the schema's own. */
  readonly furtherKeys?: readonly string[];
  /** The text as typed, when it may be shown; undefined for secrets and for values from `${}`. */
  typed(path: Path): string | undefined;
}

export function explainErrors(errors: readonly SchemaError[], about: ExplainContext): IssueDraft[] {
  return [...explainEach(errors, about)].flat();
}

/** The same, as a generator: there may be tens of thousands of errors. */
export function* explainEach(errors: readonly SchemaError[], about: ExplainContext): Generator<IssueDraft[]> {
  const meant = meantErrors(errors, about.value);
  const mistyped = new Set(meant.flatMap((error) => keyMeantBy(error, about) ?? []));
  for (const error of meant) yield explainOne(error, mistyped, about);
}

/** None for a repetition of another error. */
function explainOne(error: SchemaError, mistyped: ReadonlySet<string>, about: ExplainContext): IssueDraft[] {
  const path = [...about.prefix, ...pathOfPointer(about.value, error.instancePath)];
  const { keyword, params } = error;
  if (keyword === "additionalProperties")
    return [unknownKey(String(params.additionalProperty), path, error, about)];
  if (keyword === "propertyNames")
    return [nameProblem(String(params.propertyName), [...path, String(params.propertyName)])];
  if (keyword === "required") {
    const key = String(params.missingProperty);
    // `scheem:` is one mistake, not an unknown key and a missing one.
    return mistyped.has(pathKey([...path, key])) ? [] : [missingKey(key, path, error, about)];
  }
  if (keyword === "uniqueItems") path.push(Math.max(Number(params.i), Number(params.j)));
  return [
    {
      path,
      ...explainError(error, path, about),
      ...(keyword === "false schema" ? { on: "key" as const } : {}),
    },
  ];
}

function missingKey(key: string, path: Path, error: SchemaError, about: ExplainContext): IssueDraft {
  const example = exampleFor(key, propertiesOf(parentSchema(error, about))[key]);
  const message = `"${key}" is missing`;
  return { path, on: "key", code: "E_CONFIG_MISSING_KEY", message, hint: `add ${example}` };
}

function unknownKey(key: string, path: Path, error: SchemaError, about: ExplainContext): IssueDraft {
  const known = keysKnown(error, about);
  const all = known.length === 0 ? undefined : `allowed keys: ${known.join(", ")}`;
  return {
    path: [...path, key],
    on: "key",
    code: "E_CONFIG_UNKNOWN_KEY",
    message: `unknown key ${quoted(key)}`,
    hint: hintOf(meantBy(key, error, about)) ?? all,
  };
}

/** The path of the key that an unknown key was meant to be. */
function keyMeantBy(error: SchemaError, about: ExplainContext): string | undefined {
  if (error.keyword !== "additionalProperties") return undefined;
  const meant = meantBy(String(error.params.additionalProperty), error, about);
  if (meant === undefined) return undefined;
  return pathKey([...about.prefix, ...pathOfPointer(about.value, error.instancePath), meant.key]);
}

function meantBy(key: string, error: SchemaError, about: ExplainContext): KeySuggestion | undefined {
  const value = asObject(valueAt(about.value, pathOfPointer(about.value, error.instancePath)));
  const properties = propertiesOf(parentSchema(error, about));
  // Defaults are filled in by now: they are still free, as are mappings that the key could be a part of.
  const taken = Object.keys(value).filter(
    (one) => typeof value[one] !== "object" && value[one] !== properties[one]?.default,
  );
  return meantKey(key, keysKnown(error, about), taken);
}

function hintOf(meant: KeySuggestion | undefined): string | undefined {
  if (meant === undefined) return undefined;
  const { key, inner } = meant;
  return inner === undefined ? `did you mean "${key}"?` : `did you mean "${inner}" inside "${key}"?`;
}

function keysKnown(error: SchemaError, about: ExplainContext): string[] {
  const further = error.instancePath === "" ? (about.furtherKeys ?? []) : [];
  return [...Object.keys(propertiesOf(parentSchema(error, about))), ...further].sort();
}

/** The schema that has the keyword. */
function parentSchema(error: SchemaError, about: ExplainContext): JsonSchema {
  return schemaAtPointer(about.schema, error.schemaPath.replace(/\/[^/]*$/, "")) ?? {};
}

function explainError(error: SchemaError, path: Path, about: ExplainContext): Explanation {
  const { keyword, params } = error;
  const schema = parentSchema(error, about);
  const typed = about.typed(path);
  const value = valueAt(about.value, pathOfPointer(about.value, error.instancePath));
  const say = (message: string, hint?: string): Explanation => ({ code: "E_CONFIG_VALUE", message, hint });
  switch (keyword) {
    case "type":
      return wrongKind(value, schema, typed);
    case "anyOf":
    case "oneOf":
      return wrongKind(value, { anyOf: schema[keyword], examples: schema.examples }, typed);
    case "enum":
      return notAllowed(value, params.allowedValues as Json[], typed);
    case "const":
      return notAllowed(value, [params.allowedValue as Json], typed);
    case "format":
      return wrongFormat(String(params.format), typed);
    case "pattern":
      return wrongPattern(schema, typed);
    case "minLength":
    case "minItems":
    case "minProperties":
      return params.limit === 1
        ? say("must not be empty", exampleHint(schema))
        : say(`must have at least ${params.limit} ${unitOf[keyword]}`);
    case "maxLength":
    case "maxItems":
    case "maxProperties":
      if (params.limit === 1) return say("accepts only one of its keys", "keep one of them");
      return say(`must have at most ${params.limit} ${unitOf[keyword]}`);
    case "uniqueItems":
      return say("is listed twice", "remove one of the two");
    case "minimum":
      return say(`must be at least ${params.limit}${found(typed)}`);
    case "maximum":
      return say(`must be at most ${params.limit}${found(typed)}`);
    case "dependentRequired":
    case "dependencies":
      return {
        code: "E_CONFIG_MISSING_KEY",
        message: `"${params.missingProperty}" is required together with "${params.property}"`,
      };
    case "false schema":
      return say("cannot be used here", "remove it");
    default:
      return say(error.message ?? "is not allowed here", exampleHint(schema));
  }
}

const unitOf: Readonly<Record<string, string>> = {
  minLength: "characters",
  maxLength: "characters",
  minItems: "items",
  maxItems: "items",
  minProperties: "keys",
  maxProperties: "keys",
};
