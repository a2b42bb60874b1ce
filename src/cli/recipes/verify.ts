// `recipes verify`: checks that the config, channels.lock and the copies match, offline.

import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { copiesFolder, copyProblem, isEntryOf, lockedCopies, lockName } from "../../config/recipe/lock.ts";
import { countOf } from "../../text/clip.ts";
import { line } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { printed, printedJson } from "../print.ts";
import { type ConfigOption, noteUnread, openProject, type RecipeProject, sharedUses } from "./pinned.ts";
import { neededLock } from "./proposal.ts";

interface VerifyProblem {
  /** The reference, or a path relative to the config's folder. */
  readonly of: string;
  readonly message: string;
  readonly hint: string;
}

/** Returns 1 if something does not match. */
export async function verifyRecipes(options: ConfigOption, context: CommandContext): Promise<ExitCode> {
  const project = await openProject(context, options.config);
  noteUnread(project, context);
  const problems = [...entryProblems(project), ...copyProblems(project), ...strayProblems(project)];
  const ok = problems.length === 0;
  const files = lockedCopies(project.lock).size;
  if (options.json) {
    context.print(printedJson({ ok, recipes: project.lock.size, files, problems }));
    return ok ? 0 : 1;
  }
  for (const { of, message, hint } of problems)
    context.print(printed(line`${colors.red("error")} ${of}: ${message}`, line`  ${hint}`));
  if (ok)
    context.print(
      printed(
        line`${colors.green("ok")} ${countOf(project.lock.size, "pinned recipe")}, ${countOf(files, "file")}`,
      ),
    );
  return ok ? 0 : 1;
}

function entryProblems(project: RecipeProject): VerifyProblem[] {
  const { uses, lock } = project;
  const shared = sharedUses([...uses, ...project.others]);
  const needed = neededLock(project, project.text);
  const missing = shared.flatMap(({ use: { recipe }, reference }): VerifyProblem[] => {
    const locked = lock.get(recipe);
    if (locked === undefined)
      return [{ of: recipe, message: `not in ${lockName}`, hint: `channel-router recipes add ${recipe}` }];
    if (isEntryOf(reference, locked)) return [];
    return [
      { of: recipe, message: `its entry in ${lockName} is for another recipe or version`, hint: restoreLock },
    ];
  });
  const unused = [...lock.keys()]
    .filter((reference) => !needed.has(reference))
    .map((reference) => ({
      of: reference,
      message: `in ${lockName}, but no config uses it`,
      hint: `channel-router recipes remove ${reference}`,
    }));
  return [...missing, ...unused];
}

const restoreLock = `restore ${lockName} from version control`;

function copyProblems({ folder, lock }: RecipeProject): VerifyProblem[] {
  return [...lock].flatMap(([reference, locked]) =>
    [...lockedCopies(new Map([[reference, locked]]))].flatMap(([path, sha256]): VerifyProblem[] => {
      const wrong = copyProblem(folder, path, sha256);
      if (wrong === undefined) return [];
      const hint = `channel-router recipes add ${reference}  restores it`;
      return [{ of: path, message: wrong.problem, hint }];
    }),
  );
}

/** Files among the copies that are not pinned. */
function strayProblems({ folder, lock }: RecipeProject): VerifyProblem[] {
  const known = lockedCopies(lock);
  return filesBelow(join(folder, copiesFolder))
    .map((file) => relative(folder, file).replaceAll("\\", "/"))
    .filter((path) => !known.has(path) && path !== `${copiesFolder}/.gitattributes`)
    .map((path) => ({ of: path, message: `not in ${lockName}`, hint: "delete it" }));
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => join(parentPath, name));
  } catch {
    return []; // Nothing is pinned.
  }
}
