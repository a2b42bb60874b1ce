// Resolves every `${...}` of a tree in place. The schema of its path says how a scalar is read later (a
// template, CEL, a number); a whole value that must be a number or true/false is converted. Records the
// origins of each value.

import type { Json, JsonSchema } from "../../contract.ts";
import { isLargeNumber } from "../../json.ts";
import type { IssueDraft } from "../values.ts";
import { type Path, pathKey } from "../yaml/problem.ts";
import type { Variable } from "../yaml/tree.ts";
import {
  type InputScope,
  type Reader,
  type Replacement,
  type SubstitutionContext,
  substitute,
  wholeInput,
} from "./substitute.ts";
import type { TaintedValue } from "./taint.ts";

export interface ResolvedVariable {
  readonly path: Path;
  /** The scalar as written in the file. */
  readonly original: string;
  readonly replacements: readonly Replacement[];
  /** Origins, at the path or, for a list, below it. */
  readonly tainted: readonly TaintedValue[];
  /** Offsets in these refer to `original`. */
  readonly problems: readonly IssueDraft[];
}

/** A scalar that contains `${`, and the names available to it. */
export interface ScopedVariable extends Variable {
  /** Set in a recipe. */
  readonly inputs?: InputScope;
}

/** Where variables are resolved; `placeholders` replaces environment and files. */
export interface VariableContext extends Omit<SubstitutionContext, "placeholder"> {
  readonly placeholders: boolean;
}

/** `schemasAt` returns every schema that applies to a path; an empty result means plain text. */
export function resolveVariables(
  variables: readonly ScopedVariable[],
  schemasAt: (path: Path) => readonly JsonSchema[],
  context: VariableContext,
): ResolvedVariable[] {
  return variables.map(({ path, text: original, assign, inputs }) => {
    const schemas = schemasAt(path);
    const reader = readerFor(schemas);
    const whole = reader === "plain" ? wholeInput(original) : undefined;
    const value = whole === undefined ? undefined : inputs?.get(whole);
    if (whole !== undefined && value !== undefined) {
      assign(typeof value === "string" ? typed(value, schemas) : structuredClone(value));
      const came = inputs?.taints(whole) ?? [];
      const replacements = leavesOf(value).map((leaf) => ({
        value: String(leaf.value),
        taints: came.find((one) => pathKey(one.path) === pathKey(leaf.path))?.taints ?? [],
        input: whole,
      }));
      const tainted = came.map((one) => ({ ...one, path: [...path, ...one.path] }));
      return { path, original, replacements, tainted, problems: [] };
    }
    // A value of the expected kind, when it is the whole value; a part of a text is text.
    const wanted = reader === "plain" && /^\$\{[^}]*\}$/.test(original) ? schemas : [];
    const around: SubstitutionContext =
      context.placeholders || context.only !== undefined
        ? { ...context, placeholder: (name) => placeholderFor(name, wanted) }
        : context;
    const { text, problems, replacements, taints } = substitute(original, reader, around, inputs);
    assign(replacements.length > 0 ? typed(text, schemas) : text);
    return {
      path,
      original,
      replacements,
      tainted: taints.length === 0 ? [] : [{ path, taints }],
      problems: problems.map((problem) => ({ path, code: "E_CONFIG_VARIABLE", ...problem })),
    };
  });
}

function readerFor(schemas: readonly JsonSchema[]): Reader {
  if (schemas.some((schema) => schema["x-cel"] === true)) return "cel";
  return schemas.some((schema) => schema["x-template"] !== undefined) ? "template" : "plain";
}

/** Variables are text; they are converted where only a number or only true/false is allowed. */
function typed(text: string, schemas: readonly JsonSchema[]): Json {
  const types = schemas.flatMap(({ type }) => type ?? []);
  if (types.length === 0 || types.includes("string")) return text;
  const wantsNumber = types.includes("number") || types.includes("integer");
  if (wantsNumber && /^-?\d+(\.\d+)?$/.test(text.trim()) && !isLargeNumber(text.trim())) return Number(text);
  if (types.includes("boolean") && /^(true|false)$/.test(text.trim())) return text.trim() === "true";
  return text;
}

/** Of a list its items, by index. */
export function leavesOf(value: Json, path: Path = []): { readonly path: Path; readonly value: Json }[] {
  return Array.isArray(value)
    ? value.flatMap((item, index) => leavesOf(item, [...path, index]))
    : [{ path, value }];
}

// A placeholder for a value that must not be read: deterministic, of the expected kind, and recognisable
// where it shows. Tests of a config run with these.

const ofFormat: Readonly<Record<string, string>> = { duration: "1m", size: "1MiB", rate: "1000/1m" };

/** `wanted`: every schema that applies to the path. */
export function placeholderFor(name: string, wanted: readonly JsonSchema[]): Json {
  for (const schema of wanted) {
    const example = firstOf(schema.examples) ?? firstOf(schema.enum);
    // An example that is a variable shows how to write it, not its value.
    if (JSON.stringify(example)?.includes("${")) continue;
    if (example !== undefined) return example;
    if (typeof schema.format === "string" && schema.format in ofFormat)
      return ofFormat[schema.format] as string;
  }
  const types = wanted.flatMap(({ type }) => type ?? []);
  if (types.length === 0 || types.includes("string")) return `stand-in-for-${name}`;
  if (types.includes("array")) return [];
  const minimum = wanted.find((schema) => typeof schema.minimum === "number")?.minimum as number | undefined;
  if (types.includes("number") || types.includes("integer")) return minimum ?? 1;
  return types.includes("boolean") ? true : `stand-in-for-${name}`;
}

function firstOf(list: unknown): Json | undefined {
  return Array.isArray(list) ? (list[0] as Json | undefined) : undefined;
}
