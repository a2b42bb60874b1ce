// The details of a recipe: description, inputs, what it provides, and the config lines that use it.

import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { declarationOf } from "../../config/recipe/declaration.ts";
import { findRecipe } from "../../config/recipe/reference.ts";
import { parseShared } from "../../config/recipe/shared-reference.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { type SamplePayload, samplePayload } from "../../daemon/sample-payload.ts";
import { readConfig } from "../../daemon/start/load-plan.ts";
import { UsageError } from "../../errors.ts";
import { asObject, isObject } from "../../json.ts";
import type { CommandContext } from "../context.ts";

/** The summary of a recipe, for `--json`. */
export interface RecipeAnswer {
  readonly recipe: string;
  readonly version: string;
  readonly title: string;
  readonly description: string;
  readonly file: string;
  readonly author?: string;
  readonly license?: string;
  readonly homepage?: string;
  /** `unverified`: its author could not confirm the sender's format. */
  readonly status?: string;
}

export interface RecipeDetails extends RecipeAnswer {
  readonly setup?: string;
  /** Its capabilities as written. Absent if it declares none. */
  readonly capabilities?: JsonObject;
  readonly inputs: readonly InputAnswer[];
  readonly sources: readonly { readonly name: string; readonly type: string }[];
  readonly channels: readonly string[];
  readonly sinks: readonly string[];
  readonly tests: number;
  /** A payload that a channel takes, from one of its tests. */
  readonly sample?: SamplePayload | undefined;
  /** The lines that add it to a config. */
  readonly use: string;
}

interface InputAnswer {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly secret: boolean;
  /** Of a choice, or of each item of a list of choices. */
  readonly choices?: readonly Json[];
  /** An example value for a config. */
  readonly example?: Json;
  /** Absent if the input is required. */
  readonly default?: Json;
}

/** Throws a UsageError for an unknown name. */
export function fileOf(name: string, { cwd }: Pick<CommandContext, "cwd">): string {
  // The user at the command line may name any file.
  if (/[/\\]|\.ya?ml$/.test(name)) return resolve(cwd, name);
  const found = findRecipe(name, cwd);
  if (!("message" in found)) return found.file;
  const own = [`recipes/${name}.yaml`, `${name}.yaml`].find((path) => existsSync(resolve(cwd, path)));
  const hint = own === undefined ? found.hint : `there is a file: ./${own}`;
  throw new UsageError("E_USAGE", found.message, { hint });
}

/** `written`: the reference in a config, if it is not the name or file. */
export async function readDetails(
  name: string,
  context: Pick<CommandContext, "env" | "cwd">,
  written?: string,
): Promise<RecipeDetails> {
  const loaded = await readConfig(fileOf(name, context), context.env, {
    recipe: { given: {}, at: ["inputs"] },
    placeholders: true,
  });
  const { recipe, issues } = loaded;
  const [first] = issues;
  if (recipe === undefined || first !== undefined) {
    const why = first === undefined ? `${loaded.file} is not a recipe` : loaded.frame(first);
    throw new UsageError("E_USAGE", why, { hint: `channel-router check ${name}  shows more` });
  }
  const own = (key: string) => String(recipe[key] ?? "");
  const inputs = entriesOf(recipe.inputs).map(
    ([input, declared]): InputAnswer => inputAnswer(input, declared),
  );
  return {
    recipe: own("recipe"),
    version: own("version"),
    title: own("title"),
    description: own("description"),
    file: loaded.file,
    ...(recipe.setup === undefined ? {} : { setup: own("setup").trimEnd() }),
    ...(recipe.capabilities === undefined ? {} : { capabilities: asObject(recipe.capabilities) }),
    inputs,
    sources: entriesOf(recipe.sources).map(([source, { type }]) => ({ name: source, type: String(type) })),
    channels: entriesOf(recipe.channels).map(([channel]) => channel),
    sinks: entriesOf(recipe.sinks).map(([sink]) => sink),
    tests: loaded.tests.length,
    sample: samplePayload(loaded),
    use: useOf(writtenAs(written ?? name, context), own("recipe"), inputs),
    ...about(recipe),
  };
}

function about(recipe: JsonObject): Partial<RecipeAnswer> {
  const keys = ["author", "license", "homepage", "status"] as const;
  return Object.fromEntries(
    keys.flatMap((key) => (typeof recipe[key] === "string" ? [[key, recipe[key]]] : [])),
  );
}

/** `1.0.0, unverified: Title` */
export function headOf({
  version,
  title,
  status,
}: Pick<RecipeAnswer, "version" | "title" | "status">): string {
  return `${version}${status === undefined ? "" : `, ${status}`}: ${title}`;
}

/** `choice of failure, error; default "failure"` */
export function kindOf({ type, secret, choices, default: fallback }: InputAnswer): string {
  const kind = secret ? "secret" : type;
  const of =
    choices === undefined ? "" : `${type === "choice" ? " of" : ":"} ${choices.map(String).join(", ")}`;
  const value = fallback === undefined ? "required" : `default ${JSON.stringify(fallback)}`;
  return `${kind}${of}${choices === undefined ? ", " : "; "}${value}`;
}

/** What a config in this folder writes for the recipe: a name, or a path that begins with ./ */
function writtenAs(name: string, { cwd }: Pick<CommandContext, "cwd">): string {
  if (!/[/\\]|\.ya?ml$/.test(name) || parseShared(name) !== undefined) return name;
  const path = relative(cwd, resolve(cwd, name)).replaceAll("\\", "/");
  return path.startsWith("../") ? path : `./${path}`;
}

function inputAnswer(name: string, declared: JsonObject): InputAnswer {
  const { type, secret, description, default: fallback, examples } = declarationOf(declared);
  const example = Array.isArray(examples) ? (examples[0] as Json) : undefined;
  // An answer of the user's must not be a variable or a file that the author of the recipe chose.
  const isReference = secret !== true && example !== undefined && JSON.stringify(example).includes("${");
  const item = isObject(declared.items) ? declared.items : {};
  const items = String(item.type ?? "string");
  const choices = declared.choices ?? declared.enum ?? item.choices ?? item.enum;
  const kind = type === "array" ? `list of ${items}` : secret === true ? "secret" : declared.type;
  return {
    name,
    type: String(kind),
    description: String(description),
    secret: secret === true,
    ...(Array.isArray(choices) ? { choices } : {}),
    ...(example === undefined || isReference ? {} : { example }),
    ...(fallback === undefined ? {} : { default: fallback as Json }),
  };
}

/** Replaces each `${inputs.NAME}` with the given value, else the default; a secret with a word in capitals. */
export function withInputs(
  text: string,
  inputs: readonly InputAnswer[],
  values: Readonly<Record<string, Json>> = {},
): string {
  return text.replace(/\$\{inputs\.(\w+)\}/g, (whole, name: string) => {
    const input = inputs.find((one) => one.name === name);
    if (input === undefined) return whole;
    const value = input.secret ? undefined : (values[name] ?? input.default ?? input.example);
    if (value === undefined) return `THE_${name.toUpperCase()}`;
    return typeof value === "string" ? value : JSON.stringify(value);
  });
}

function useOf(written: string, recipe: string, inputs: readonly InputAnswer[]): string {
  // A recipe of somebody else does not choose among the variables of the user who copies these lines.
  const isOurs = /^\.\/|^[a-z0-9-]+$/.test(written);
  const needed = inputs
    .filter((input) => input.default === undefined)
    .map(({ name, secret, example }) => {
      const own = secret ? `\${${constant(recipe, name)}}` : name;
      return `\n      ${name}: ${exampleText(secret && !isOurs ? undefined : example, own)}`;
    });
  const given = needed.length === 0 ? "" : `\n    with:${needed.join("")}`;
  return `use:\n  ${recipe.replaceAll("-", "_")}:\n    recipe: ${written}${given}`;
}

function exampleText(example: Json | undefined, fallback: string): string {
  const value = example ?? fallback;
  return typeof value === "string" && /^[\w.-]+$/.test(value) ? value : JSON.stringify(value);
}

/** `stripe-test`, `secret` -> `STRIPE_TEST_SECRET` */
function constant(recipe: string, input: string): string {
  return `${recipe}_${input}`.replaceAll("-", "_").toUpperCase();
}

function entriesOf(section: Json | undefined): [string, JsonObject][] {
  return typeof section === "object" && section !== null
    ? (Object.entries(section) as [string, JsonObject][])
    : [];
}
