// Describes the value that a schema expects, in YAML terms, and what to type instead of the current value.
// `typed` is the text in the file; absent when it must not be shown.

import type { Json, JsonSchema } from "../contract.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { schemaTree } from "./schema/schema-tree.ts";
import { kindOf, orList, quoted } from "./yaml/problem.ts";

export interface Explanation {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Up to this many allowed values are listed in the message; more go into the hint. */
const maxListed = 12;

/** Format -> what it is, what to type. */
const formatTexts: Readonly<Record<string, readonly [string, string]>> = {
  duration: ["a duration", "write a whole number and ms, s, m, h or d, for example 30s"],
  size: ["a size", "write a whole number and B, KiB, MiB or GiB, for example 1MiB"],
  rate: ["a rate", "write how many (1 to 100000) in how long, for example 5/10m"],
};

const kindTexts: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  null: "nothing",
};

export function wrongKind(
  found: Json | undefined,
  wanted: JsonSchema,
  typed: string | undefined,
): Explanation {
  const kinds = [...new Set(schemaTree(wanted).schemas.flatMap(kindsWanted))];
  const message = `must be ${orList(kinds)}, found ${kindOf(found)}`;
  const argv = typeof found === "string" && wanted["x-argv"] === true ? argvHint(typed) : undefined;
  return {
    code: "E_CONFIG_TYPE",
    message,
    hint: argv ?? repair(found, kinds, typed) ?? exampleHint(wanted) ?? formatHint(wanted),
  };
}

function formatHint({ format }: JsonSchema): string | undefined {
  return typeof format === "string" ? formatTexts[format]?.[1] : undefined;
}

/** A command line as the equivalent list. */
function argvHint(typed: string | undefined): string | undefined {
  if (typed === undefined || typed.trim() === "") return undefined;
  if (/[|&;<>$`*?()]/.test(typed.replaceAll(/\{\{.*?\}\}/g, "")))
    return "commands run without a shell: write the program and its arguments as a list, for example [ls, -l]";
  // With quotes or spaces in a template, only the user knows what is one argument.
  if (/["'\\]|\{\{/.test(typed)) return "write the program and its arguments as a list, for example [ls, -l]";
  return `write [${typed.trim().split(/\s+/).map(argument).join(", ")}]`;
}

/** Unquoted where YAML reads that as text. */
function argument(text: string): string {
  const isPlain =
    /^(?:--?[A-Za-z]|[A-Za-z./])[\w./=@%+-]*$/.test(text) && !/^(?:true|false|null)$/i.test(text);
  return isPlain && !/^\.?\d*$/.test(text) ? text : JSON.stringify(text);
}

/** How to convert the current value into one of the expected kinds. */
function repair(
  found: Json | undefined,
  kinds: readonly string[],
  typed: string | undefined,
): string | undefined {
  if (found === null) return "write a value, or remove the key";
  if (typeof found === "number" || typeof found === "boolean") {
    if (!kinds.includes("text")) return undefined;
    return typed === undefined ? "quote it" : `quote it: ${quoted(typed)}`;
  }
  if (typed === undefined) return undefined;
  if (kinds.includes("a list of text")) return `write [${quoted(typed)}]`;
  const wantsNumber = kinds.includes("a number") || kinds.includes("a whole number");
  const unquoted =
    kinds.includes(typed) ||
    (wantsNumber && /^\d+$/.test(typed)) ||
    (kinds.includes("true or false") && /^(true|false)$/.test(typed));
  return unquoted ? `remove the quotes: ${typed}` : undefined;
}

export function wrongFormat(format: string, typed: string | undefined): Explanation {
  const [what, hint] = formatTexts[format] ?? ["in another form", undefined];
  return { code: "E_CONFIG_VALUE", message: `must be ${what}${found(typed)}`, hint };
}

export function wrongPattern(schema: JsonSchema, typed: string | undefined): Explanation {
  const description = typeof schema.description === "string" ? schema.description : undefined;
  const message = `has the wrong format${found(typed)}`;
  return { code: "E_CONFIG_VALUE", message, hint: exampleHint(schema) ?? description };
}

export function notAllowed(
  value: Json | undefined,
  allowed: readonly Json[],
  typed: string | undefined,
): Explanation {
  const words = allowed.map((word) => (typeof word === "string" ? word : JSON.stringify(word)));
  const short = words.length <= maxListed;
  return {
    code: typeof value === typeof allowed[0] ? "E_CONFIG_VALUE" : "E_CONFIG_TYPE",
    message: `${short ? `must be ${orList(words)}` : "unknown value"}${found(typed)}`,
    hint: (typed && didYouMeanHint(typed, words)) || (short ? undefined : `known: ${words.join(", ")}`),
  };
}

/** `, found "x"`, when x may be shown. */
export function found(typed: string | undefined): string {
  return typed === undefined ? "" : `, found ${quoted(typed, 40)}`;
}

export function exampleHint(schema: JsonSchema): string | undefined {
  const example = firstOf(schema.examples);
  return example === undefined ? undefined : `for example ${JSON.stringify(example)}`;
}

/** `path: /github`: how the key would be written. */
export function exampleFor(key: string, schema: JsonSchema | undefined): string {
  const example = firstOf(schema?.examples) ?? firstOf(schema?.enum);
  if (example === undefined) return `"${key}:"`;
  return `${key}: ${typeof example === "string" && /^[\w./-]+$/.test(example) ? example : JSON.stringify(example)}`;
}

function kindsWanted(schema: JsonSchema): string[] {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value));
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  const format = typeof schema.format === "string" ? formatTexts[schema.format] : undefined;
  if (format !== undefined) return [format[0]];
  const types: unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type];
  return types.flatMap((type) => {
    if (type !== "array") return kindTexts[String(type)] ?? [];
    const items = kindsWanted((schema.items ?? {}) as JsonSchema);
    return items.length === 0 ? "a list" : `a list of ${items.map(plural).join(" or ")}`;
  });
}

function plural(kind: string): string {
  return kind.startsWith("a ") ? `${kind.slice(2)}s` : kind;
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined;
}
