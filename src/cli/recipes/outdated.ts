// `recipes outdated`: lists pinned recipes with a newer version. Queries their repositories and registries, and
// changes nothing.

import { isRouterError } from "../../errors.ts";
import { findNewer } from "../../recipes/fetch-recipe.ts";
import { countOf } from "../../text/clip.ts";
import { line } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { printed, printedJson } from "../print.ts";
import { type ConfigOption, fetchContext, openProject, sharedUses } from "./pinned.ts";

interface Outdated {
  readonly use: string;
  readonly reference: string;
  /** What to write after `@`. */
  readonly newer: string;
  /** Set for a branch that has moved. */
  readonly commit?: string;
}

interface OutdatedProblem {
  readonly use: string;
  readonly reference: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Returns 1 if there are newer versions, or a query failed. */
export async function outdatedRecipes(options: ConfigOption, context: CommandContext): Promise<ExitCode> {
  const project = await openProject(context, options.config);
  const outdated: Outdated[] = [];
  const problems: OutdatedProblem[] = [];
  const all = sharedUses(project.uses);
  for (const { use, reference } of all) {
    const of = { use: use.name, reference: use.recipe };
    const pinned = project.lock.get(use.recipe);
    if (pinned === undefined) {
      const hint = `channel-router recipes add ${use.recipe}`;
      problems.push({ ...of, message: "not in channels.lock", hint });
      continue;
    }
    try {
      const newer = await findNewer(reference, pinned, fetchContext(context));
      if (newer === undefined) continue;
      const { ref, commit } = newer;
      outdated.push({ ...of, newer: ref, ...(commit === undefined ? {} : { commit }) });
    } catch (error) {
      if (!isRouterError(error)) throw error;
      problems.push({ ...of, message: error.message, hint: error.hint });
    }
  }
  const ok = outdated.length + problems.length === 0;
  if (options.json) {
    context.print(printedJson({ ok, outdated, problems }));
    return ok ? 0 : 1;
  }
  for (const { use, reference, newer, commit } of outdated)
    context.print(
      printed(
        line`${colors.bold(use)}  ${reference} -> ${newer}${commit === undefined ? "" : ` (commit ${commit.slice(0, 12)})`}`,
      ),
    );
  for (const { use, reference, message, hint } of problems) {
    context.print(printed(line`${colors.red("error")} ${use}  ${reference}: ${message}`));
    if (hint !== undefined) context.print(printed(line`  ${hint}`));
  }
  if (ok) context.print(printed(line`no newer versions of ${countOf(all.length, "shared recipe")}`));
  else if (outdated.length > 0)
    context.print(printed(line`channel-router recipes update  shows what changes`));
  return ok ? 0 : 1;
}
