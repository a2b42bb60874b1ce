// `recipes list`: the recipes that come with the router.

import { bundledRecipes } from "../../config/recipe/bundled.ts";
import { text } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { printedJson } from "../print.ts";
import { type RecipeAnswer, readDetails } from "./details.ts";

export async function listRecipes(
  options: { readonly json?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
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
