// `recipes list`: lists the bundled recipes and those in the user's catalogues.

import { bundledRecipes } from "../../config/recipe/bundled.ts";
import { text } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { printed, printedJson } from "../print.ts";
import { type RecipeAnswer, readDetails } from "./details.ts";
import {
  catalogueAnswers,
  catalogueNotes,
  ofCatalogues,
  readCatalogues,
  type SearchOptions,
} from "./search.ts";

export async function listRecipes(options: SearchOptions, context: CommandContext): Promise<ExitCode> {
  const all = await Promise.all(bundledRecipes().map((name) => readDetails(name, context)));
  const catalogues = await readCatalogues(options, context);
  const others = ofCatalogues(catalogues, context);
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
    const shared = { shared: others, catalogues: catalogueAnswers(catalogues) };
    context.print(printedJson({ recipes: answers, ...(catalogues.length === 0 ? {} : shared) }));
    return 0;
  }
  const width = Math.max(...[...all, ...others].map(({ recipe }) => recipe.length));
  for (const { recipe, title } of all) context.print(text`${colors.bold(recipe.padEnd(width))}  ${title}\n`);
  for (const { reference } of catalogues) {
    const ours = others.filter(({ from }) => from === reference);
    if (ours.length > 0) context.print(text`\n${colors.bold(reference)}\n`);
    for (const { recipe, title } of ours)
      context.print(text`${colors.bold(recipe.padEnd(width))}  ${title}\n`);
  }
  for (const note of catalogueNotes(catalogues)) context.print(printed(note));
  if (others.length > 0)
    context.print(text`\nchannel-router recipes search WORDS  shows how to add a recipe from a catalogue`);
  context.print(text`\nchannel-router recipes show NAME  shows a recipe's inputs and setup\n`);
  return 0;
}
