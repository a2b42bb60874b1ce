// `recipes test`: runs the tests of recipes.

import { bundledRecipes } from "../../config/recipe/bundled.ts";
import { runAndPrint } from "../commands/test.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { fileOf } from "./details.ts";
import { findUsed } from "./pinned.ts";

export async function testRecipes(
  name: string | undefined,
  options: { readonly json?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const files =
    name === undefined
      ? bundledRecipes().map((one) => fileOf(one, context))
      : [(await findUsed(name, context)).file];
  return (await runAndPrint(files, options, context)).code;
}
