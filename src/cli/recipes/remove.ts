// `recipes remove`: removes an entry from `use:`, and the pins and copies that nothing else uses.

import { dirname } from "node:path";
import { parseShared } from "../../config/recipe/shared-reference.ts";
import { removeUse } from "../../config/yaml/edit-use.ts";
import { UsageError } from "../../errors.ts";
import { line } from "../../text.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configLocation } from "../find-router.ts";
import { printed, printedJson } from "../print.ts";
import { type ConfigOption, noteUnread, openProject, requireUse } from "./pinned.ts";
import {
  changedFiles,
  changingFolder,
  checkChange,
  neededLock,
  type RecipeChange,
  writeRecipeChange,
} from "./proposal.ts";

export function removeRecipe(
  name: string,
  options: ConfigOption,
  context: CommandContext,
): Promise<ExitCode> {
  const folder = dirname(configLocation(context, options.config).file);
  return changingFolder(folder, { person: undefined }, () => remove(name, options, context));
}

async function remove(name: string, options: ConfigOption, context: CommandContext): Promise<ExitCode> {
  const project = await openProject(context, options.config);
  const isUsed = project.uses.some((use) => use.name === name || use.recipe === name);
  noteUnread(project, context);
  const isLeftOver = !isUsed && parseShared(name) !== undefined && project.lock.has(name);
  if (isLeftOver && neededLock(project, project.text).has(name))
    throw new UsageError("E_USAGE", `${name} was not removed: another entry or config may use it`, {
      hint: "channel-router recipes verify  lists unused pins",
    });
  const use = isLeftOver ? undefined : requireUse(project.uses, name);
  const edited = use === undefined ? { text: project.text } : removeUse(project.text, use.name);
  if ("problem" in edited)
    throw new UsageError("E_USAGE", `${project.config} was not changed: ${edited.problem}`, {
      hint: `remove use.${name} manually, then run  channel-router recipes verify`,
    });
  const lock = new Map(neededLock(project, edited.text));
  if (isLeftOver) lock.delete(name);
  const change: RecipeChange = { project, text: edited.text, lock, fetched: [], others: [] };
  await checkChange(change, context.env);
  await writeRecipeChange(change, undefined);
  const reference = use?.recipe ?? name;
  if (options.json) {
    const answer = { config: project.config, use: use?.name ?? null, reference, files: changedFiles(change) };
    context.print(printedJson(answer));
    return 0;
  }
  context.print(printed(line`removed ${use?.name ?? name} from ${project.config}`));
  const variables = [...JSON.stringify(use?.with ?? {}).matchAll(/\$\{([A-Za-z_]\w*)/g)].map(
    ([, name = ""]) => name,
  );
  if (variables.length > 0)
    context.print(printed(line`  ${[...new Set(variables)].join(", ")}: still in .env, if it was there`));
  return 0;
}
