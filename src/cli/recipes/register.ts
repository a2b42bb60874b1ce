// The commands below `recipes`. Each is a file of its own, imported on demand.

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
    .description("recipes: what they need, their tests, and how they are shared")
    .helpCommand(false);
  recipes
    .command("list")
    .description("the recipes that come with the router, and those of your catalogues")
    .option("--offline", "read only the copies of the catalogues")
    .addOption(json())
    .action((options) => finish(async () => (await import("./list.ts")).listRecipes(options, context)));
  recipes
    .command("show")
    .argument("<name>", "a recipe's name, a file, or one that the config uses")
    .description("what a recipe needs and provides, and how to set it up")
    .option("--yaml", "print the recipe itself, as a beginning for one of your own")
    .addOption(json())
    .action((name, options) =>
      finish(async () => (await import("./show.ts")).showRecipe(name, options, context)),
    );
  recipes
    .command("test")
    .argument(
      "[name]",
      "a recipe's name, a file, or one that the config uses; default: all that come with the router",
    )
    .description("run their tests")
    .addOption(json())
    .action((name, options) =>
      finish(async () => (await import("./test.ts")).testRecipes(name, options, context)),
    );
  addSharingCommands(recipes, context, { config, json, collect });
  addWritingCommands(recipes, context, { config, json, collect });
  for (const one of recipes.commands) one.exitOverride();
}

/** Those that change or check which recipes a config uses. */
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
    .description("use a recipe in the config; a shared one is fetched, tested, shown and pinned")
    .option("--as <name>", "its name under use:; default: the recipe's")
    .option("-w, --with <name=value>", "an input of the recipe (may be repeated)", collect, [])
    .option("-y, --yes", "ask nothing; new capabilities of a recipe that is pinned already are refused")
    .option("--allow-capabilities", "allow new capabilities, too; not below a Claude process")
    .option("--dry-run", "only show what would be written")
    .addOption(config())
    .addOption(json())
    .action((recipe, options) =>
      finish(async () => (await import("./add.ts")).addRecipe(recipe, options, context)),
    );
  recipes
    .command("remove")
    .argument("<name>", "its name under use:")
    .description("take a recipe out of the config, and its copy out of .channels/")
    .addOption(config())
    .addOption(json())
    .action((name, options) =>
      finish(async () => (await import("./remove.ts")).removeRecipe(name, options, context)),
    );
  recipes
    .command("update")
    .argument("[name]", "its name under use:; default: all that are shared")
    .argument("[ref]", "the version to use; default: the newest")
    .description("move shared recipes to newer versions: shows what changes, runs their tests, asks")
    .option("-w, --with <name=value>", "an input that the new version adds (may be repeated)", collect, [])
    .option("-y, --yes", "ask nothing; new capabilities are refused")
    .option("--allow-capabilities", "allow new capabilities, too; not below a Claude process")
    .option("--dry-run", "only show what would change")
    .addOption(config())
    .addOption(json())
    .action((name, ref, options) =>
      finish(async () => (await import("./update.ts")).updateRecipes(name, ref, options, context)),
    );
  recipes
    .command("outdated")
    .description("which shared recipes have a newer version; exit code 1 when one has")
    .addOption(config())
    .addOption(json())
    .action((options) =>
      finish(async () => (await import("./outdated.ts")).outdatedRecipes(options, context)),
    );
  recipes
    .command("verify")
    .description("whether the config, channels.lock and the copies fit together; uses no network")
    .addOption(config())
    .addOption(json())
    .action((options) => finish(async () => (await import("./verify.ts")).verifyRecipes(options, context)));
}

/** Those that write recipes, share them with others, and find those of others. */
function addWritingCommands(
  recipes: Command,
  context: CommandContext,
  { config, json, collect }: CommonOptions,
): void {
  recipes
    .command("search")
    .argument("<words...>", "beginnings of words in the name, the title or the description")
    .description("find recipes among the bundled ones and those of your catalogues")
    .option("--offline", "read only the copies of the catalogues")
    .addOption(json())
    .action((words, options) =>
      finish(async () => (await import("./search.ts")).searchRecipes(words, options, context)),
    );
  recipes
    .command("new")
    .argument("<name>", "lower-case words with - between them")
    .description("write a recipe with tests from real events, whose personal values are replaced")
    .option("--from <event>", "an event id, or a file with JSON (may be repeated)", collect, [])
    .option("--not <event>", "an event that the recipe must skip (may be repeated)", collect, [])
    .option("--title <text>", "its title")
    .option("--scheme <name>", "the verify scheme; default: that of the source")
    .option("--license <name>", "its license, such as Apache-2.0")
    .option("-o, --output <folder>", "where to write it; default: recipes/ if there is one, else here")
    .addOption(config())
    .addOption(json())
    .action((name, options) =>
      finish(async () => (await import("./new.ts")).newRecipe(name, options, context)),
    );
  recipes
    .command("publish-check")
    .argument("[folder]", "a repository with recipes/*.yaml; default: this folder")
    .description("check recipes before they are shared, and write their index.json")
    .option("--allow <value>", "a value in a payload that may be published (may be repeated)", collect, [])
    .option("--check", "write nothing, and fail when index.json is not up to date")
    .addOption(json())
    .action((folder, options) =>
      finish(async () => (await import("./publish/publish-check.ts")).publishCheck(folder, options, context)),
    );
}
