// Registers the subcommands of `recipes`, each of which is imported on demand.

import type { Command } from "commander";
import type { CommandContext, CommonOptions } from "../context.ts";
import { finish } from "../exit.ts";

export function addRecipeCommands(
  program: Command,
  context: CommandContext,
  { config, json, collect }: CommonOptions,
): void {
  const recipes = program
    .command("recipes")
    .description("list, test, share and update recipes")
    .helpCommand(false);
  recipes
    .command("list")
    .description("list the bundled recipes and those in your catalogues")
    .option("--offline", "use only cached copies of the catalogues")
    .addOption(json())
    .action((options) => finish(async () => (await import("./list.ts")).listRecipes(options, context)));
  recipes
    .command("show")
    .argument("<name>", "a recipe's name, a file, or a name under use:")
    .description("show a recipe's inputs, capabilities and setup")
    .option("--yaml", "print the recipe file, to start one of your own")
    .addOption(json())
    .action((name, options) =>
      finish(async () => (await import("./show.ts")).showRecipe(name, options, context)),
    );
  recipes
    .command("test")
    .argument("[name]", "a recipe's name, a file, or a name under use:; default: all bundled recipes")
    .description("run the tests of recipes")
    .addOption(json())
    .action((name, options) =>
      finish(async () => (await import("./test.ts")).testRecipes(name, options, context)),
    );
  addSharingCommands(recipes, context, { config, json, collect });
  addWritingCommands(recipes, context, { config, json, collect });
  for (const one of recipes.commands) one.exitOverride();
}

/** Commands that change or check the recipes of a config. */
function addSharingCommands(
  recipes: Command,
  context: CommandContext,
  { config, json, collect }: CommonOptions,
): void {
  recipes
    .command("add")
    .argument(
      "<recipe>",
      "a name, a file, or github:OWNER/REPO/PATH@TAG, git+https://..., npm:PACKAGE/PATH@VERSION",
    )
    .description("add a recipe to the config; a shared one is fetched, tested, shown and pinned")
    .option("--as <name>", "the name under use:; default: the recipe's own")
    .option("-w, --with <name=value>", "an input of the recipe (may be repeated)", collect, [])
    .option("-y, --yes", "do not ask; new capabilities of a pinned recipe are refused")
    .option("--allow-capabilities", "also allow new capabilities; not below a Claude process")
    .option("--dry-run", "only show what would be written")
    .addOption(config())
    .addOption(json())
    .action((recipe, options) =>
      finish(async () => (await import("./add.ts")).addRecipe(recipe, options, context)),
    );
  recipes
    .command("remove")
    .argument("<name>", "the name under use:")
    .description("remove a recipe from the config, and its copy from .channels/")
    .addOption(config())
    .addOption(json())
    .action((name, options) =>
      finish(async () => (await import("./remove.ts")).removeRecipe(name, options, context)),
    );
  recipes
    .command("update")
    .argument("[name]", "the name under use:; default: all shared recipes")
    .argument("[ref]", "the version to use; default: the newest")
    .description("update shared recipes: shows what changes, runs their tests, then asks")
    .option("-w, --with <name=value>", "an input that the new version adds (may be repeated)", collect, [])
    .option("-y, --yes", "do not ask; new capabilities are refused")
    .option("--allow-capabilities", "also allow new capabilities; not below a Claude process")
    .option("--dry-run", "only show what would change")
    .addOption(config())
    .addOption(json())
    .action((name, ref, options) =>
      finish(async () => (await import("./update.ts")).updateRecipes(name, ref, options, context)),
    );
  recipes
    .command("outdated")
    .description("list shared recipes with newer versions; exits with 1 if there are any")
    .addOption(config())
    .addOption(json())
    .action((options) =>
      finish(async () => (await import("./outdated.ts")).outdatedRecipes(options, context)),
    );
  recipes
    .command("verify")
    .description("check offline that the config, channels.lock and the copies match")
    .addOption(config())
    .addOption(json())
    .action((options) => finish(async () => (await import("./verify.ts")).verifyRecipes(options, context)));
}

/** Commands that find, write and publish recipes. */
function addWritingCommands(
  recipes: Command,
  context: CommandContext,
  { config, json, collect }: CommonOptions,
): void {
  recipes
    .command("search")
    .argument("<words...>", "beginnings of words in the name, title or description")
    .description("search the bundled recipes and your catalogues")
    .option("--offline", "use only cached copies of the catalogues")
    .addOption(json())
    .action((words, options) =>
      finish(async () => (await import("./search.ts")).searchRecipes(words, options, context)),
    );
  recipes
    .command("new")
    .argument("<name>", "lower-case words separated by -")
    .description("write a recipe with tests from real events, with personal values replaced")
    .option("--from <event>", "an event id, or a file with JSON (may be repeated)", collect, [])
    .option("--not <event>", "an event that the recipe must skip (may be repeated)", collect, [])
    .option("--title <text>", "its title")
    .option("--scheme <name>", "the verify scheme; default: that of the source")
    .option("--license <name>", "its license, such as Apache-2.0")
    .option(
      "-o, --output <folder>",
      "where to write it; default: recipes/ if it exists, else the current folder",
    )
    .addOption(config())
    .addOption(json())
    .action((name, options) =>
      finish(async () => (await import("./new.ts")).newRecipe(name, options, context)),
    );
  recipes
    .command("publish-check")
    .argument("[folder]", "a repository with recipes/*.yaml; default: the current folder")
    .description("check recipes before you publish them, and write index.json")
    .option("--allow <value>", "a value in a payload that may be published (may be repeated)", collect, [])
    .option("--check", "write nothing, and fail if index.json is out of date")
    .addOption(json())
    .action((folder, options) =>
      finish(async () => (await import("./publish/publish-check.ts")).publishCheck(folder, options, context)),
    );
}
