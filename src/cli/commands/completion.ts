// `completion`: prints the script that completes the command line in a shell.

import type { Command } from "commander";
import { bundledRecipes } from "../../config/recipe/bundled.ts";
import { connectors } from "../../connectors/index.ts";
import { ownWords } from "../../text.ts";
import { completionScript, shells } from "../completion.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";

export async function completion(
  shell: string,
  program: Command,
  { print }: Pick<CommandContext, "print">,
): Promise<ExitCode> {
  const types = await Promise.all(
    connectors.map(async (entry) => {
      const { libraries, chat } = await entry.load();
      return { type: entry.type, libraries, credentials: chat?.credentials ?? [] };
    }),
  );
  const recipes = bundledRecipes();
  const script = completionScript(shell, program, {
    add: types.filter(({ libraries }) => libraries !== undefined).map(({ type }) => type),
    configure: types.filter(({ credentials }) => credentials.length > 0).map(({ type }) => type),
    "recipes show": recipes,
    "recipes test": recipes,
    completion: shells,
  });
  print(ownWords(script, script.length));
  return 0;
}
