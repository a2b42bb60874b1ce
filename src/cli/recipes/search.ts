// `recipes search`: searches the bundled recipes and the user's catalogues.

import { existsSync } from "node:fs";
import { ownConfig } from "../../config/paths.ts";
import { bundledRecipes } from "../../config/recipe/bundled.ts";
import { readConfig } from "../../daemon/start/load-plan.ts";
import { addReference, type Catalogue, readCatalogue } from "../../recipes/catalogue.ts";
import { countOf } from "../../text/clip.ts";
import { line, type SafeText } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { printed, printedJson } from "../print.ts";
import { printTime } from "../times.ts";
import { readDetails } from "./details.ts";

export interface SearchOptions {
  readonly offline?: boolean;
  readonly json?: boolean;
}

export interface FoundRecipe {
  readonly recipe: string;
  readonly version: string;
  readonly title: string;
  readonly description: string;
  /** Per event; null if unknown. */
  readonly tokens: number | null;
  readonly status?: string | undefined;
  /** `bundled`, or the catalogue. */
  readonly from: string;
  /** The argument of `recipes add`. */
  readonly reference: string;
}

/** Returns 1 if nothing was found. */
export async function searchRecipes(
  words: readonly string[],
  options: SearchOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const catalogues = await readCatalogues(options, context);
  const all = [...(await bundled(context)), ...ofCatalogues(catalogues, context)];
  const found = all.filter((one) => isMatch(one, words));
  if (options.json) context.print(printedJson({ recipes: found, catalogues: catalogueAnswers(catalogues) }));
  else {
    for (const one of found) context.print(printed(...foundLines(one)));
    if (found.length === 0)
      context.print(
        printed(
          line`no recipe has ${words.length === 1 ? words.join("") : `all of: ${words.join(", ")}`}; channel-router recipes list  shows all`,
        ),
      );
    for (const note of catalogueNotes(catalogues)) context.print(printed(note));
  }
  return found.length === 0 ? 1 : 0;
}

/** Reads only the user's own config: a project must not choose catalogues for the user. */
export async function readCatalogues(
  { offline = false }: SearchOptions,
  { env, now }: Pick<CommandContext, "env" | "now">,
): Promise<readonly Catalogue[]> {
  const file = ownConfig(env);
  if (!existsSync(file)) return [];
  const { values } = await readConfig(file, env, { placeholders: true });
  const found: Catalogue[] = [];
  for (const one of values.catalogues ?? [])
    found.push(await readCatalogue(one, { env, nowMs: now(), offline }));
  return found;
}

export function ofCatalogues(
  catalogues: readonly Catalogue[],
  { env }: Pick<CommandContext, "env">,
): FoundRecipe[] {
  return catalogues.flatMap(({ reference, entries }) =>
    entries.map((entry) => ({
      recipe: entry.name,
      version: entry.version,
      title: entry.title,
      description: entry.description,
      tokens: entry.tokens,
      ...(entry.status === undefined ? {} : { status: entry.status }),
      from: reference,
      reference: addReference(reference, entry, env),
    })),
  );
}

/** Which catalogues could not be read, and the age of their copies. */
export function catalogueNotes(catalogues: readonly Catalogue[]): SafeText[] {
  return catalogues.flatMap(({ reference, problem, readMs, entries }) => {
    if (problem === undefined) return [];
    const copy =
      readMs === 0
        ? ""
        : `; using the copy from ${printTime(new Date(readMs).toISOString())} (${countOf(entries.length, "recipe")})`;
    return [line`${colors.yellow(reference)}: ${problem}${copy}`];
  });
}

export function catalogueAnswers(catalogues: readonly Catalogue[]) {
  return catalogues.map(({ reference, entries, problem, readMs }) => ({
    catalogue: reference,
    recipes: entries.length,
    read: readMs === 0 ? null : new Date(readMs).toISOString(),
    ...(problem === undefined ? {} : { problem }),
  }));
}

async function bundled(context: CommandContext): Promise<FoundRecipe[]> {
  const all = await Promise.all(bundledRecipes().map((name) => readDetails(name, context)));
  return all.map(({ recipe, version, title, description }) => ({
    recipe,
    version,
    title,
    description,
    tokens: null,
    from: "bundled",
    reference: recipe,
  }));
}

/** Each word begins a word of the recipe, or has its stem: `failures` finds `failed`. */
function isMatch({ recipe, title, description }: FoundRecipe, words: readonly string[]): boolean {
  const text = `${recipe} ${title} ${description}`.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return words
    .flatMap((word) => word.toLowerCase().split(/[^\p{L}\p{N}]+/u))
    .filter((word) => word !== "")
    .every((word) => text.some((one) => one.startsWith(word) || stemOf(one) === stemOf(word)));
}

/** Without a usual ending, if enough of the word is left. */
function stemOf(word: string): string {
  return /^(.{4,}?)(?:ures?|ings?|ed|es|e|s)$/.exec(word)?.[1] ?? word;
}

function foundLines({ recipe, version, title, tokens, status, from, reference }: FoundRecipe): SafeText[] {
  const cost = tokens === null ? "" : `, ~${tokens} tokens per event`;
  return [
    line`${colors.bold(recipe)} ${version}: ${title}${status === undefined ? "" : ` (${status})`}`,
    line`  ${from}${cost}; channel-router recipes add ${reference}`,
  ];
}
