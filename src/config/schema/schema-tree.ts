// What a JSON Schema says about each place in a value, as a tree that is built once for each schema: everything that
// reads options looks it up. It decides nothing about validity. Where a schema has branches (`anyOf` and the like) all of
// them apply.

import type { Json, JsonSchema } from "../../contract.ts";
import { isObject } from "../../json.ts";
import type { Path } from "../yaml/problem.ts";

/**
 * `inert`: is sent nowhere. `outward`: reaches a host, a program, a file or another user. `credential`: the
 * same, and is nothing but a proof of identity, such as a token. `shown`: Claude reads it in an event, or in
 * the result of a tool. `described`: Claude reads it without any event, in instructions and descriptions.
 */
export type OptionClass = "inert" | "outward" | "credential" | "shown" | "described";

/** How a schema marks an expression, a template or a pattern. */
export interface CodeMark {
  readonly kind: "cel" | "template" | "regex" | "glob";
  /** The value of the mark: `true`, or for a template its roots and its encoding. */
  readonly mark: Json;
}

/** Strictest first: where branches of a schema differ, the strictest applies. */
const classes: readonly (readonly [OptionClass, (schema: JsonSchema) => boolean])[] = [
  ["outward", (schema) => schema["x-inert"] === false],
  ["described", (schema) => schema["x-shown"] === "always"],
  ["shown", (schema) => schema["x-shown"] === "event"],
  ["credential", (schema) => schema["x-credential"] === true],
  ["inert", (schema) => schema["x-inert"] === true],
];

const codeMarks = { "x-cel": "cel", "x-template": "template", "x-regex": "regex", "x-glob": "glob" } as const;

/** For all keys that are not declared. */
const free = -1;

/** One place. */
export class SchemaNode {
  /** Every schema that applies to it, including branches; empty where none does. */
  readonly schemas: readonly JsonSchema[];
  /** Its keys that are declared. */
  readonly keys: readonly string[];
  readonly formats: readonly string[];
  /** `x-secret`. */
  readonly secret: Json | undefined;
  /** It is an expression, a template or a pattern. */
  readonly code: readonly CodeMark[];
  /** Undefined without a mark. */
  readonly marked: OptionClass | undefined;
  readonly #root: JsonSchema;
  readonly #children = new Map<string | number, SchemaNode>();

  constructor(schemas: readonly JsonSchema[], root: JsonSchema) {
    const all = schemas.flatMap((schema) => branches(schema, root));
    const first = (name: string) => all.find((one) => one[name] !== undefined)?.[name] as Json | undefined;
    this.schemas = all;
    this.#root = root;
    this.keys = [...new Set(all.flatMap((one) => Object.keys(propertiesOf(one))))];
    this.formats = all.flatMap(({ format }) => (typeof format === "string" ? [format] : []));
    this.secret = first("x-secret");
    this.code = Object.entries(codeMarks).flatMap(([name, kind]) => {
      const mark = first(name);
      return mark === undefined ? [] : [{ kind, mark }];
    });
    this.marked = classes.find(([, isMarked]) => all.some(isMarked))?.[0];
  }

  /** False for items of lists, and for keys that users choose. */
  declares(key: string | number): boolean {
    return this.schemas.some((one) => one["x-deep"] !== true && Object.hasOwn(propertiesOf(one), key));
  }

  /** A declared key as the code has it; any other one as it is. */
  nameOf(key: string): string {
    const declared = this.schemas.map(propertiesOf).find((properties) => Object.hasOwn(properties, key));
    return declared === undefined ? key : optionKey(key, declared[key]?.format);
  }

  child(key: string | number): SchemaNode {
    // All items are one place, and so are all keys that are not declared.
    const slot = typeof key === "number" ? 0 : this.keys.includes(key) ? key : free;
    let child = this.#children.get(slot);
    if (child === undefined) {
      child = new SchemaNode(
        this.schemas.flatMap((schema) => childrenOf(schema, key)),
        this.#root,
      );
      this.#children.set(slot, child);
    }
    return child;
  }

  at(path: Path): SchemaNode {
    return path.reduce<SchemaNode>((node, key) => node.child(key), this);
  }
}

const trees = new WeakMap<JsonSchema, SchemaNode>();

export function schemaTree(schema: JsonSchema): SchemaNode {
  let tree = trees.get(schema);
  if (tree === undefined) {
    tree = new SchemaNode([schema], schema);
    trees.set(schema, tree);
  }
  return tree;
}

/** The schema itself and every branch of it, flat. */
function branches(schema: JsonSchema, root: JsonSchema): readonly JsonSchema[] {
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

/** What one of the schemas says about a child. */
function childrenOf(schema: JsonSchema, key: string | number): readonly JsonSchema[] {
  // It applies to everything below it.
  if (schema["x-deep"] === true) return [schema];
  if (typeof key === "number") return isSchema(schema.items) ? [schema.items] : [];
  const declared = propertiesOf(schema);
  if (Object.hasOwn(declared, key)) return [declared[key] as JsonSchema];
  return isSchema(schema.additionalProperties) ? [schema.additionalProperties] : [];
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
  return isObject(value);
}

/**
 * `max_body` -> `maxBody`; with the unit in the name where the schema's `format` has one: a `duration` is milliseconds
 * (`toleranceMs`), a `size` is bytes (`maxBodyBytes`). No other code converts a YAML key to a TypeScript key.
 */
function optionKey(key: string, format: unknown): string {
  const camel = key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  if (format === "duration") return `${camel}Ms`;
  if (format === "size") return `${camel}Bytes`;
  return camel;
}
