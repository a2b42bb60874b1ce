// The values of a recipe's inputs in one use: given values, else defaults. Problems are reported at their
// location: in the config's `with:`, or in the recipe.

import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { exampleFor } from "../describe-value.ts";
import type { IssueDraft } from "../values.ts";
import { type Origin, type TaintedValue, wholeTaint } from "../variables/taint.ts";
import { leavesOf, placeholderFor } from "../variables/variables.ts";
import { type Path, quoted } from "../yaml/problem.ts";
import { type Declarations, earlierNames } from "./declaration.ts";
import { type Misfit, misfits, type PatternCompiler, patternProblem } from "./input-check.ts";

export interface Input {
  readonly value: Json;
  readonly secret: boolean;
  /** The origins of its parts; for a list, by index. */
  readonly tainted: readonly TaintedValue[];
  /** Undefined if no value was given. */
  readonly given: Path | undefined;
  /** Neither a value nor a default, or unreadable. */
  readonly placeholder: boolean;
}

export type Inputs = ReadonlyMap<string, Input>;

export interface GivenInputs {
  readonly values: JsonObject;
  /** The names of unreadable values, which were already reported. */
  readonly unread: ReadonlySet<string>;
  /** Origins in the values, by name and path inside the value. */
  tainted(name: string): readonly TaintedValue[];
  /** Their location in the file that gives them. */
  readonly at: Path;
  /** The path to report when a value is missing: `use.ci`. */
  readonly component: Path;
  /** The original text, when it may be shown. */
  typed(path: Path): string | undefined;
}

export interface ReadInputs {
  readonly inputs: Inputs;
  /** In the file that gives the values. */
  readonly givenDrafts: readonly IssueDraft[];
  /** In the recipe. */
  readonly recipeDrafts: readonly IssueDraft[];
  /** Warnings, in the file that gives the values. */
  readonly warnings: readonly IssueDraft[];
}

/** `placeholders`: an input without value and default gets a placeholder of its kind instead of an issue. */
export function readInputs(
  declared: Declarations,
  given: GivenInputs,
  compile: PatternCompiler,
  placeholders: boolean,
): ReadInputs {
  const inputs = new Map<string, Input>();
  const givenDrafts: IssueDraft[] = [];
  const recipeDrafts: IssueDraft[] = [];
  const warnings: IssueDraft[] = [];
  const names = Object.keys(declared);
  const earlier = earlierNames(declared);
  /** Input -> the name that the config uses for it. */
  const used = new Map(
    [...earlier].flatMap(([old, name]) => (Object.hasOwn(given.values, old) ? [[name, old] as const] : [])),
  );
  const add = (name: string, value: Json, secret: boolean, path: Path | undefined, placeholder: boolean) => {
    const origin: Origin = { kind: "input", name };
    const own = leavesOf(value).map((leaf) => ({
      path: leaf.path,
      taints: [wholeTaint(leaf.value, origin)],
    }));
    const came = path === undefined ? [] : given.tainted(String(path[given.at.length]));
    const tainted = secret ? [...came, ...own] : came.map((one) => throughInput(one, name));
    inputs.set(name, { value, secret, tainted, given: path, placeholder });
  };
  for (const name of Object.keys(given.values)) {
    if (Object.hasOwn(declared, name)) continue;
    const present = earlier.get(name);
    if (present !== undefined) {
      const isTwice = Object.hasOwn(given.values, present) || used.get(present) !== name;
      const at = { path: [...given.at, name], on: "key" as const };
      const message = `${quoted(name)} is an earlier name of the input ${quoted(present)}`;
      if (isTwice)
        givenDrafts.push({
          ...at,
          code: "E_CONFIG_DUPLICATE_KEY",
          message: `${message}, which is set too`,
          hint: "keep one of the two",
        });
      else warnings.push({ ...at, code: "W_CONFIG_DEPRECATED", message, hint: `write ${present}` });
      continue;
    }
    givenDrafts.push({
      path: [...given.at, name],
      on: "key",
      code: "E_CONFIG_UNKNOWN_KEY",
      message: `the recipe has no input ${quoted(name)}`,
      hint:
        didYouMeanHint(name, names) ??
        (names.length === 0 ? "it takes no inputs: remove with" : `its inputs: ${names.join(", ")}`),
    });
  }
  for (const [name, schema] of Object.entries(declared)) {
    const secret = schema.secret === true;
    recipeDrafts.push(...declarationDrafts(name, schema, compile, secret));
    const fallback = schema.default as Json | undefined;
    const key = Object.hasOwn(given.values, name) ? name : (used.get(name) ?? name);
    const path = [...given.at, key];
    if (given.unread.has(key)) {
      add(name, placeholderFor(name, [schema]), secret, path, true);
    } else if (Object.hasOwn(given.values, key)) {
      const value = given.values[key] as Json;
      const typed = (rest: Path) => (secret ? undefined : given.typed([...path, ...rest]));
      givenDrafts.push(
        ...draftsAt(
          path,
          misfits(value, schema, compile, () => typed([])),
        ),
      );
      add(name, value, secret, path, false);
    } else if (fallback !== undefined) add(name, fallback, secret, undefined, false);
    else {
      add(name, placeholderFor(name, [schema]), secret, undefined, true);
      if (!placeholders) givenDrafts.push(missingInput(name, schema, given));
    }
  }
  return { inputs, givenDrafts, recipeDrafts, warnings };
}

/** A value from a variable or a file may be a secret, whatever the type of the input. */
function throughInput({ path, taints }: TaintedValue, input: string): TaintedValue {
  return {
    path,
    taints: taints.map((taint) =>
      taint.origin.kind === "env" || taint.origin.kind === "file"
        ? { ...taint, origin: { ...taint.origin, input } }
        : taint,
    ),
  };
}

function missingInput(name: string, schema: JsonSchema, { at, component, values }: GivenInputs): IssueDraft {
  const isUnnamed = schema.secret === true && schema.examples === undefined;
  const example = isUnnamed ? `${name}: "\${${name.toUpperCase()}}"` : exampleFor(name, schema);
  return {
    path: Object.keys(values).length === 0 ? component : at,
    on: "key",
    code: "E_CONFIG_MISSING_KEY",
    message: `the recipe needs "${name}": ${String(schema.description)}`,
    hint: `add  with: { ${example} }`,
  };
}

/** Errors in a declaration that its schema does not detect. */
function declarationDrafts(
  name: string,
  schema: JsonSchema,
  compile: PatternCompiler,
  secret: boolean,
): IssueDraft[] {
  const at = ["inputs", name];
  const drafts: IssueDraft[] = [];
  const items = schema.items as JsonSchema | undefined;
  for (const [path, pattern] of [
    [[...at, "pattern"], schema.pattern],
    [[...at, "items", "pattern"], items?.pattern],
  ] as const) {
    const problem = typeof pattern === "string" ? patternProblem(pattern, compile) : undefined;
    if (problem !== undefined) drafts.push({ path, ...problem });
  }
  const fallback = schema.default as Json | undefined;
  if (fallback === undefined) return drafts;
  if (JSON.stringify(fallback).includes("${")) {
    drafts.push({
      path: [...at, "default"],
      code: "E_CONFIG_VARIABLE",
      message: "a default is used literally and cannot contain ${...}",
      hint: 'remove the default and set the value in the config: with: { NAME: "${VARIABLE}" }',
    });
  }
  const typed = (text: string) => (secret ? undefined : text);
  return [...drafts, ...draftsAt([...at, "default"], misfits(fallback, schema, compile, typed))];
}

function draftsAt(path: Path, found: readonly Misfit[]): IssueDraft[] {
  return found.map((misfit) => ({ ...misfit, path: [...path, ...misfit.path] }));
}
