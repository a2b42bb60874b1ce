// A change to the recipes of a config: the new config, its lock and the files. It is checked before anything is
// written, and written in an order that never shows a running router an incomplete state.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectFolder } from "../../config/paths.ts";
import { copyFolder, lockName, lockText, type RecipeLock, readLock } from "../../config/recipe/lock.ts";
import { parseDotenv } from "../../config/variables/dotenv.ts";
import { readDotenvFiles } from "../../config/variables/environment.ts";
import { sha256Of } from "../../config/yaml/bounded-file.ts";
import { readUse } from "../../config/yaml/edit-use.ts";
import type { Issue } from "../../contract.ts";
import { loadPlan } from "../../daemon/start/load-plan.ts";
import { UsageError } from "../../errors.ts";
import { removeUnused, writeCopies, writeLock } from "../../recipes/copies.ts";
import type { FetchedRecipe } from "../../recipes/fetch-recipe.ts";
import { line, type SafeText } from "../../text.ts";
import { colors } from "../colors.ts";
import type { Person } from "../context.ts";
import { withEditLock } from "../init/edit-lock.ts";
import {
  changedMeanwhile,
  checkUnchanged,
  type FileChange,
  readPresent,
  shownChange,
  writeChange,
} from "../init/files.ts";
import { gitignoreText, type Secret, withVariables } from "../init/texts.ts";
import type { RecipeProject } from "./pinned.ts";

export interface RecipeChange {
  readonly project: RecipeProject;
  /** The new text of the config. */
  readonly text: string;
  readonly lock: RecipeLock;
  readonly fetched: readonly FetchedRecipe[];
  /** `.env` and `.gitignore`. */
  readonly others: readonly FileChange[];
}

/** Rejects with a UsageError if the change would cause a new problem in the config. */
export async function checkChange(change: RecipeChange, env: NodeJS.ProcessEnv): Promise<void> {
  const { project, text, lock, fetched } = change;
  const { config, folder } = project;
  const kept = new Map(
    [
      [config, text] as const,
      ...(lock.size === 0 ? [] : [[join(folder, lockName), lockText(lock)] as const]),
      ...fetched.map(({ reference, locked, files }) => {
        const path = join(folder, copyFolder(reference, locked), locked.recipe);
        return [path, (files.get(locked.recipe) as Buffer).toString("utf8")] as const;
      }),
    ].map(([path, content]) => [path, { text: content, sha256: sha256Of(content) }]),
  );
  const key = ({ code, path, message }: Issue) => JSON.stringify([code, path, message]);
  const before = project.text === "" ? [] : (await loadPlan(config, env, { placeholders: true })).issues;
  const known = new Set(before.map(key));
  const { issues, loaded } = await loadPlan(config, env, { placeholders: true, kept });
  const first = issues.find((issue) => !known.has(key(issue)));
  if (first === undefined) return;
  throw new UsageError("E_USAGE", `nothing was written: the config would be invalid\n${loaded.frame(first)}`);
}

/** The added lines, and the folders of the copies. */
export function changeLines(change: RecipeChange): SafeText[] {
  const { project, text, lock, fetched, others } = change;
  const before = project.text === "" ? undefined : project.text;
  const configLines = text === project.text ? [] : shownChange({ path: project.config, before, text });
  const isLockChanged = lockText(lock) !== lockText(project.lock);
  return [
    ...configLines,
    ...others.flatMap((other) => shownChange(other)),
    ...(isLockChanged
      ? [line`${colors.bold(project.lock.size === 0 ? "new" : "changed")} ${join(project.folder, lockName)}`]
      : []),
    ...fetched.map(({ reference, locked, files }) => {
      const count = files.size === 1 ? "1 file" : `${files.size} files`;
      return line`${colors.bold("new")} ${join(project.folder, copyFolder(reference, locked))} (${count} to commit)`;
    }),
  ];
}

/** The absolute paths of the files to write. */
export function changedFiles({ project, text, lock, fetched, others }: RecipeChange): string[] {
  const copies = fetched.flatMap(({ reference, locked, files }) =>
    [...files.keys()].map((path) => join(project.folder, copyFolder(reference, locked), path)),
  );
  return [
    ...(text === project.text ? [] : [project.config]),
    ...others.map(({ path }) => path),
    ...(lockText(lock) === lockText(project.lock) ? [] : [join(project.folder, lockName)]),
    ...copies,
  ];
}

/** Runs a command that asks nobody while no other changes the files of the folder; one that asks waits only to write. */
export function changingFolder<T>(
  folder: string,
  { person, dryRun }: { readonly person: Person | undefined; readonly dryRun?: boolean | undefined },
  work: () => Promise<T>,
): Promise<T> {
  return person === undefined && dryRun !== true ? withEditLock(folder, work) : work();
}

/** Writes a change: with the lock of the folder if somebody was asked, since `changingFolder` took it otherwise. */
export function writeRecipeChange(change: RecipeChange, person: Person | undefined): Promise<void> {
  const write = () => writeFiles(change);
  return person === undefined ? write() : withEditLock(change.project.folder, write);
}

/**
 * While the config changes, the lock has both the old and the new version, so that a router that reads in between
 * finds everything.
 */
async function writeFiles(change: RecipeChange): Promise<void> {
  const { project, text, lock, fetched, others } = change;
  const { folder, config } = project;
  const changed = text === project.text ? [] : [{ path: config, before: project.text, text }];
  await checkUnchanged([...others, ...changed]);
  checkLockUnchanged(project);
  for (const other of others) await writeChange(other);
  for (const one of fetched) await writeCopies(folder, one);
  const both = new Map([...project.lock, ...lock]);
  checkLockUnchanged(project);
  if (lockText(both) !== lockText(project.lock)) await writeLock(folder, both);
  for (const one of changed) await writeChange(one);
  if (lockText(both) !== lockText(lock)) await writeLock(folder, lock);
  await removeUnused(folder, project.lock, lock);
}

/** Another command may have pinned a recipe meanwhile, whose entry must not be lost. */
function checkLockUnchanged({ folder, lock }: RecipeProject): void {
  const { path, problem, recipes } = readLock(folder);
  if (problem !== undefined || lockText(recipes) !== lockText(lock)) throw changedMeanwhile(path);
}

/**
 * Removes the entries that neither the new text of the config nor another config in the folder uses. Keeps all of
 * them if one of those texts cannot be read.
 */
export function neededLock({ lock, others, unread }: RecipeProject, text: string): RecipeLock {
  const uses = readUse(text);
  if (uses === undefined || unread.length > 0) return lock;
  const names = [...uses, ...others].map(({ recipe }) => recipe);
  // A variable may be any of them, and so may an entry that is not written yet.
  if (names.some((name) => name === "" || name.includes("${"))) return lock;
  return new Map([...lock].filter(([reference]) => names.includes(reference)));
}

/** Whether the user already has this variable: set, in a `.env` file, or used by the config. */
export function takenVariables(
  { config, text }: Pick<RecipeProject, "config" | "text">,
  env: NodeJS.ProcessEnv,
): (variable: string) => boolean {
  const { layers } = readDotenvFiles(env, dirname(config));
  const known = [env, ...layers.map(({ variables }) => variables)];
  return (variable) =>
    known.some((variables) => Object.hasOwn(variables, variable)) ||
    new RegExp(`\\$\\{${variable}\\b`).test(text);
}

/** Adds an empty line to `.env` for each variable that is not set, and `.env` to `.gitignore` in a repository. */
export async function variableChanges(
  config: string,
  secrets: readonly Secret[],
  env: NodeJS.ProcessEnv,
): Promise<{ readonly changes: readonly FileChange[]; readonly missing: readonly string[] }> {
  const folder = dirname(config);
  const { layers } = readDotenvFiles(env, folder);
  const known = [env, ...layers.map(({ variables }) => variables)];
  const isSet = (name: string) => known.some((variables) => (variables[name] ?? "") !== "");
  const wanted = secrets.filter(({ variable, value }) => value !== undefined || !isSet(variable));
  const missing = wanted.filter(({ value }) => value === undefined).map(({ variable }) => variable);
  const path = join(folder, ".env");
  const before = await readPresent(path);
  const { variables } = parseDotenv(before ?? "");
  const added = wanted.filter(
    ({ variable, value }) => value !== undefined || !Object.hasOwn(variables, variable),
  );
  const taken = added.find(
    ({ variable }) => Object.hasOwn(variables, variable) && variables[variable] !== "",
  );
  if (taken !== undefined)
    throw new UsageError("E_USAGE", `${taken.variable} is already set in ${path}`, {
      hint: `use it: --with ${taken.input}='\${${taken.variable}}'`,
    });
  if (added.length === 0) return { changes: [], missing };
  const changes: FileChange[] = [
    { path, before, text: withVariables(before, added), isPrivate: true, keepsMode: true },
  ];
  if (existsSync(join(projectFolder(folder, env), ".git"))) {
    const ignore = join(folder, ".gitignore");
    const ignoredBefore = await readPresent(ignore);
    const ignored = gitignoreText(ignoredBefore);
    if (ignored !== undefined) changes.push({ path: ignore, before: ignoredBefore, text: ignored });
  }
  return { changes, missing };
}
