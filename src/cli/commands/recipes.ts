// `recipes`: the recipes that come with the router, their inputs and what they provide, and whether their
// tests pass.

import { relative, resolve } from "node:path";
import { bundledRecipes, findRecipe } from "../../config/recipe/reference.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { readConfig } from "../../daemon/start/load-plan.ts";
import { UsageError } from "../../errors.ts";
import { type SamplePayload, samplePayload } from "../../testing/sample-payload.ts";
import { line, marked, type SafeText, safeLine, text } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { printed, printedJson } from "../print.ts";
import { runAndPrint } from "./test.ts";

interface RecipesOptions {
  readonly json?: boolean;
}

/** A recipe's own description, for `--json`. */
interface RecipeAnswer {
  readonly recipe: string;
  readonly version: string;
  readonly title: string;
  readonly description: string;
  readonly file: string;
}

export interface RecipeDetails extends RecipeAnswer {
  readonly setup?: string;
  readonly inputs: readonly InputAnswer[];
  readonly sources: readonly { readonly name: string; readonly type: string }[];
  readonly channels: readonly string[];
  readonly sinks: readonly string[];
  readonly tests: number;
  /** A payload that reaches a channel: that of one of its tests. */
  readonly sample?: SamplePayload | undefined;
  /** The lines that add it to a config. */
  readonly use: string;
}

interface InputAnswer {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly secret: boolean;
  /** An example value for a config. */
  readonly example?: Json;
  /** Absent: it is required. */
  readonly default?: Json;
}

export async function listRecipes(options: RecipesOptions, context: CommandContext): Promise<ExitCode> {
  const all = await Promise.all(bundledRecipes().map((name) => readDetails(name, context)));
  if (options.json) {
    const answers = all.map(
      ({ recipe, version, title, description, file }): RecipeAnswer => ({
        recipe,
        version,
        title,
        description,
        file,
      }),
    );
    context.print(printedJson({ recipes: answers }));
    return 0;
  }
  const width = Math.max(...all.map(({ recipe }) => recipe.length));
  for (const { recipe, title } of all) context.print(text`${colors.bold(recipe.padEnd(width))}  ${title}\n`);
  context.print(text`\nchannel-router recipes show NAME  says what one needs and how to set it up\n`);
  return 0;
}

export async function showRecipe(
  name: string,
  options: RecipesOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const details = await readDetails(name, context);
  context.print(options.json ? printedJson(details) : printed(...detailLines(details)));
  return 0;
}

export async function testRecipes(
  name: string | undefined,
  options: RecipesOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const files = (name === undefined ? bundledRecipes() : [name]).map((one) => fileOf(one, context));
  return (await runAndPrint(files, options, context)).code;
}

/** Throws a UsageError for a name that no recipe has. */
function fileOf(name: string, { cwd }: Pick<CommandContext, "cwd">): string {
  // The user at the command line may name any file.
  if (/[/\\]|\.ya?ml$/.test(name)) return resolve(cwd, name);
  const found = findRecipe(name, cwd);
  if ("message" in found) throw new UsageError("E_USAGE", found.message, { hint: found.hint });
  return found.file;
}

export async function readDetails(
  name: string,
  context: Pick<CommandContext, "env" | "cwd">,
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
  const written = (key: string) => String(recipe[key] ?? "");
  const inputs = entriesOf(recipe.inputs).map(
    ([input, declared]): InputAnswer => inputAnswer(input, declared),
  );
  return {
    recipe: written("recipe"),
    version: written("version"),
    title: written("title"),
    description: written("description"),
    file: loaded.file,
    ...(recipe.setup === undefined ? {} : { setup: written("setup").trimEnd() }),
    inputs,
    sources: entriesOf(recipe.sources).map(([source, { type }]) => ({ name: source, type: String(type) })),
    channels: entriesOf(recipe.channels).map(([channel]) => channel),
    sinks: entriesOf(recipe.sinks).map(([sink]) => sink),
    tests: loaded.tests.length,
    sample: samplePayload(loaded),
    use: useOf(writtenAs(name, context), written("recipe"), inputs),
  };
}

/** What a config in this folder writes for the recipe: a name, or a path that begins with ./ */
function writtenAs(name: string, { cwd }: Pick<CommandContext, "cwd">): string {
  if (!/[/\\]|\.ya?ml$/.test(name)) return name;
  const path = relative(cwd, resolve(cwd, name)).replaceAll("\\", "/");
  return path.startsWith("../") ? path : `./${path}`;
}

function inputAnswer(name: string, declared: JsonObject): InputAnswer {
  const { type, items, description, secret, default: fallback, examples } = declared;
  const kind =
    type === "array" ? `list of ${String((items as JsonObject | undefined)?.type ?? "anything")}` : type;
  return {
    name,
    type: String(kind),
    description: String(description),
    secret: secret === true,
    ...(Array.isArray(examples) ? { example: examples[0] as Json } : {}),
    ...(fallback === undefined ? {} : { default: fallback }),
  };
}

/** The text with the value of each `${inputs.NAME}`: the given one, else the default; a secret stays a word. */
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
  const needed = inputs
    .filter((input) => input.default === undefined)
    .map(
      ({ name, secret, example }) =>
        `${name}: ${exampleText(example, secret ? `\${${constant(recipe, name)}}` : name)}`,
    );
  const given = needed.length === 0 ? "" : `\n    with: { ${needed.join(", ")} }`;
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

function detailLines(details: RecipeDetails): SafeText[] {
  const { recipe, version, title, description, setup, inputs, sources, channels, sinks, tests, use } =
    details;
  const names = (noun: string, list: readonly string[]) =>
    list.length === 0 ? [] : [line`  ${noun}: ${list.join(", ")}`];
  const indent = line`  `;
  return [
    line`${colors.bold(recipe)} ${version}: ${title}`,
    safeLine(description),
    line``,
    marked(use, indent),
    line``,
    line`${colors.bold("Inputs")}`,
    ...inputs.flatMap(({ name, type, secret, description: what, default: fallback }) => [
      line`  ${name} (${secret ? "secret " : ""}${type}, ${fallback === undefined ? "needed" : `default ${JSON.stringify(fallback)}`})`,
      marked(what, line`      `),
    ]),
    line``,
    line`${colors.bold("Provides")}`,
    ...names(
      "sources",
      sources.map(({ name, type }) => `${name} (${type})`),
    ),
    ...names("channels", channels),
    ...names("sinks", sinks),
    line`  tests: ${tests}`,
    ...(setup === undefined
      ? []
      : [line``, line`${colors.bold("To set it up")}`, marked(withInputs(setup, inputs), indent)]),
  ];
}

function entriesOf(section: Json | undefined): [string, JsonObject][] {
  return typeof section === "object" && section !== null
    ? (Object.entries(section) as [string, JsonObject][])
    : [];
}
