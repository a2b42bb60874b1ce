// The commands below `recipes`. Each is a file of its own, imported on demand.

import type { Command } from "commander";
import type { CommandContext, CommonOptions } from "../context.ts";
import { finish } from "../exit.ts";

export function addRecipeCommands(program: Command, context: CommandContext, { json }: CommonOptions): void {
  const recipes = program
    .command("recipes")
    .description("the recipes that come with the router: what they need, and their tests")
    .helpCommand(false);
  recipes
    .command("list")
    .description("their names")
    .addOption(json())
    .action((options) => finish(async () => (await import("./list.ts")).listRecipes(options, context)));
  recipes
    .command("show")
    .argument("<name>", "a recipe's name, or a file")
    .description("what a recipe needs and provides, and how to set it up")
    .addOption(json())
    .action((name, options) =>
      finish(async () => (await import("./show.ts")).showRecipe(name, options, context)),
    );
  recipes
    .command("test")
    .argument("[name]", "a recipe's name, or a file; default: all that come with the router")
    .description("run their tests")
    .addOption(json())
    .action((name, options) =>
      finish(async () => (await import("./test.ts")).testRecipes(name, options, context)),
    );
  for (const one of recipes.commands) one.exitOverride();
}
