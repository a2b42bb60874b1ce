// The arguments of a sink, which the config declares as JSON Schema. A mistake in it is found at load, with
// its location; at run time the compiled check fills in the defaults. Patterns are RE2, as everywhere. Loaded
// only for a config with sinks.

import { Ajv } from "ajv";
import type { IssueDraft } from "../../config/values.ts";
import type { Json, JsonObject, JsonSchema, OptionsValidator, SchemaError } from "../../contract.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import type { RegexCompiler } from "../../filters/regex.ts";
import { isObject } from "../../json.ts";
import { notInSchema, notSupported } from "../../not-supported.ts";
import { proven } from "../proven.ts";
import { validate as validateSchema } from "./meta-schema.ts?validator";
import type { SchemaCompiler } from "./schema-compiler.ts";

type Path = readonly (string | number)[];

const keywords = [
  "$comment",
  "deprecated",
  "type",
  "description",
  "title",
  "default",
  "examples",
  "enum",
  "const",
  "format",
  "pattern",
  "minLength",
  "maxLength",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "items",
  "minItems",
  "maxItems",
  "uniqueItems",
  "properties",
  "required",
  "additionalProperties",
  "minProperties",
  "maxProperties",
  "anyOf",
  "oneOf",
  "allOf",
  "not",
];

/**
 * How often a pattern may scan its maximum text length, over all texts of a call: each scan takes less than
 * 100 ms.
 */
const maxLooks = 3;

/** Values of a call, those inside others included. */
const maxValues = 20_000;
/** Where the items of a list must differ each is compared with all others. */
const maxCompared = 2_000;
/** Arguments of a sink, those inside others included: each is compiled, its pattern too, in one turn of the event loop. */
const maxDeclared = 100;

export function createSchemaCompiler(regex: RegexCompiler): SchemaCompiler {
  let looks = 0;
  const regExp = Object.assign(
    (pattern: string) => {
      const compiled = regex(pattern);
      return {
        test(text: string) {
          // Not just false: below `not` that would let the text pass.
          if (text.length > compiled.maxLength) throw new UncheckedText(pattern, text, compiled.maxLength);
          looks += text.length / compiled.maxLength;
          if (looks > maxLooks) throw new UncheckedText(pattern, text);
          compiled.begin();
          return compiled.test(text);
        },
        // Ajv compiles one test for all patterns with equal text, also those of other schemas.
        toString: () => pattern,
      };
    },
    { code: "re2" },
  );
  const ajv = new Ajv({
    allErrors: true,
    useDefaults: true,
    strict: false,
    // A format is only a hint to the model; `pattern` restricts the text.
    validateFormats: false,
    addUsedSchema: false,
    // Done below.
    validateSchema: false,
    code: { regExp },
  });

  function guarded(schema: JsonSchema): OptionsValidator {
    const check = ajv.compile(schema) as OptionsValidator;
    const most = JSON.stringify(schema).includes('"uniqueItems":true') ? maxCompared : maxValues;
    const validate: OptionsValidator = (value) => {
      looks = 0;
      if (holdsMoreThan(most, value)) {
        validate.errors = [unchecked(`hold more than ${most} values`)];
        return false;
      }
      try {
        let fits = check(value);
        const rounded = fits ? undefined : withRoundedIntegers(value as Json, check.errors ?? []);
        if (rounded !== undefined) fits = check(rounded);
        validate.errors = check.errors ?? null;
        return fits;
      } catch (error) {
        if (!(error instanceof UncheckedText)) throw error;
        validate.errors = [unchecked(error.message)];
        return false;
      }
    };
    return validate;
  }

  return {
    compile(schema, at, issues) {
      const declared = countSchemas(schema.properties);
      if (declared > maxDeclared) {
        const message = `declares ${declared} values, and at most ${maxDeclared} are checked`;
        issues.push({ path: at, code: "E_CONFIG_SIZE", message });
        return () => false;
      }
      const mistakes = [
        ...unknownKeywords(schema.properties, at),
        ...wrongValues(schema, at),
        ...wrongPatterns(schema.properties, at, regex),
      ];
      issues.push(...mistakes);
      if (mistakes.length > 0) return () => false;
      return proven({ path: at, code: "E_CONFIG_VALUE", issues }, () => guarded(schema)) ?? (() => false);
    },
  };
}

function unchecked(message: string): SchemaError {
  return { instancePath: "", schemaPath: "", keyword: "pattern", params: {}, message };
}

/**
 * A copy of the arguments in which integers beyond 2^53, which arrive as texts to keep their digits, are numbers for the check of type and
 * bounds. Undefined if there are none.
 */
function withRoundedIntegers(value: Json, errors: readonly SchemaError[]): Json | undefined {
  let copy: Json | undefined;
  for (const { keyword, params, instancePath } of errors) {
    if (keyword !== "type" || !/integer|number/.test(String(params.type))) continue;
    const keys = instancePath.split("/").slice(1);
    const names = keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    copy ??= structuredClone(value);
    const holder = names.slice(0, -1).reduce((inside, name) => (inside as JsonObject)[name] as Json, copy);
    const last = names.at(-1);
    const text = last === undefined ? undefined : (holder as JsonObject)[last];
    if (last !== undefined && isLargeInteger(text)) (holder as JsonObject)[last] = Number(text);
  }
  return copy;
}

function isLargeInteger(value: unknown): boolean {
  return typeof value === "string" && /^-?[1-9]\d{15,}$/.test(value) && !Number.isSafeInteger(Number(value));
}

function holdsMoreThan(most: number, value: unknown): boolean {
  let count = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (++count > most || open.length > most) return true;
    if (typeof one === "object" && one !== null) for (const inner of Object.values(one)) open.push(inner);
  }
  return false;
}

function countSchemas(properties: unknown): number {
  let count = 0;
  walkSchemas(properties, [], () => {
    count += 1;
  });
  return count;
}

/** A text that a pattern cannot judge as a whole, so that nobody may say that it fits. */
class UncheckedText extends Error {
  constructor(pattern: string, text: string, most?: number) {
    super(
      most === undefined
        ? "contain more text than their patterns can check"
        : `contain a text of ${text.length} characters; its pattern ${JSON.stringify(pattern.slice(0, 60))} checks at most ${most}`,
    );
  }
}

/** `walk` is called with each schema below the declared properties, and its path. */
function walkSchemas(properties: unknown, at: Path, walk: (schema: JsonSchema, path: Path) => void): void {
  if (!isObject(properties)) return;
  for (const [name, schema] of Object.entries(properties)) walkSchema(schema, [...at, name], walk);
}

function walkSchema(schema: unknown, path: Path, walk: (schema: JsonSchema, path: Path) => void): void {
  if (!isObject(schema)) return;
  walk(schema, path);
  walkSchemas(schema.properties, [...path, "properties"], walk);
  for (const key of ["items", "additionalProperties", "not"]) walkSchema(schema[key], [...path, key], walk);
  // `items` as a list has one schema per position.
  for (const key of ["items", "anyOf", "oneOf", "allOf"]) {
    const branches = schema[key];
    if (Array.isArray(branches))
      for (const [index, one] of branches.entries()) walkSchema(one, [...path, key, index], walk);
  }
}

function unknownKeywords(properties: unknown, at: Path): IssueDraft[] {
  const issues: IssueDraft[] = [];
  walkSchemas(properties, at, (schema, path) => {
    for (const key of Object.keys(schema)) {
      if (keywords.includes(key)) continue;
      const other = notSupported(notInSchema, key);
      if (other !== undefined) {
        const message = `"${key}" of JSON Schema is not supported here`;
        issues.push({
          path: [...path, key],
          on: "key",
          code: "E_CONFIG_UNKNOWN_KEY",
          message,
          hint: other.instead,
        });
        continue;
      }
      issues.push({
        path: [...path, key],
        on: "key",
        code: "E_CONFIG_UNKNOWN_KEY",
        message: `unknown key "${key}" of JSON Schema`,
        hint: didYouMeanHint(key, keywords) ?? `allowed keys: ${keywords.join(", ")}`,
      });
    }
  });
  return issues;
}

/** The errors of JSON Schema's own meta-schema. */
function wrongValues(schema: JsonSchema, at: Path): IssueDraft[] {
  if (validateSchema(schema)) return [];
  const byPath = new Map<string, SchemaError>();
  for (const error of validateSchema.errors ?? []) {
    // The branches of one choice report the same path: the list of values says most.
    if (error.keyword === "enum" || !byPath.has(error.instancePath)) byPath.set(error.instancePath, error);
  }
  return [...byPath.values()].flatMap((error) => {
    const [root, ...path] = error.instancePath.split("/").slice(1);
    if (root !== "properties") return [];
    const allowed = (error.params as { allowedValues?: unknown[] }).allowedValues?.map(String);
    return [
      {
        path: [...at, ...path.map((part) => (/^\d+$/.test(part) ? Number(part) : part))],
        code: "E_CONFIG_VALUE",
        message: allowed === undefined ? messageOf(error) : "unknown value",
        ...(allowed === undefined ? {} : { hint: `one of ${allowed.join(", ")}` }),
      },
    ];
  });
}

/** The generated check has no messages. */
function messageOf({ keyword, params }: SchemaError): string {
  if (keyword === "type") return `must be ${[params.type].flat().join(" or ")}`;
  if (keyword === "minimum" || keyword === "exclusiveMinimum")
    return `must be ${params.comparison} ${params.limit}`;
  if (keyword === "minItems") return "must not be empty";
  if (keyword === "uniqueItems") return "must not have duplicate items";
  return "is not valid JSON Schema";
}

function wrongPatterns(properties: unknown, at: Path, regex: RegexCompiler): IssueDraft[] {
  const issues: IssueDraft[] = [];
  walkSchemas(properties, at, ({ pattern }, path) => {
    if (typeof pattern !== "string") return;
    proven({ path: [...path, "pattern"], code: "E_CONFIG_REGEX", issues }, () => regex(pattern));
  });
  return issues;
}
