// `recipes publish-check`: checks the recipes of a repository, and writes the index in which others find them.

import { existsSync, readdirSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { UsageError } from "../../../errors.ts";
import { indexName, indexText } from "../../../recipes/recipe-index.ts";
import { readRegular } from "../../../regular-file.ts";
import { countOf } from "../../../text/clip.ts";
import { line } from "../../../text.ts";
import { colors } from "../../colors.ts";
import type { CommandContext } from "../../context.ts";
import type { ExitCode } from "../../exit.ts";
import { writeChange } from "../../init/files.ts";
import { printed, printedJson } from "../../print.ts";
import { type CheckedRecipe, checkRecipe, type PublishProblem } from "./check-recipe.ts";
import { suggestedTag } from "./published-text.ts";

export interface PublishOptions {
  /** Values that may be published. */
  readonly allow?: readonly string[];
  /** Writes nothing, and fails if the index is out of date. */
  readonly check?: boolean;
  readonly json?: boolean;
}

/** Returns 1 if there are problems. */
export async function publishCheck(
  written: string | undefined,
  options: PublishOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const folder = resolve(context.cwd, written ?? ".");
  const names = recipeNames(folder);
  const checked: CheckedRecipe[] = [];
  for (const name of names)
    checked.push(
      await checkRecipe(join(folder, "recipes", `${name}.yaml`), folder, options.allow ?? [], context),
    );
  const problems = checked.flatMap((one) => one.problems);
  const index = join(folder, indexName);
  const before = existsSync(index) ? (await readRegular(index)).toString("utf8") : undefined;
  const entries = checked.flatMap(({ entry }) => entry ?? []);
  const text = indexText(entries);
  const isStale = before !== text;
  if (options.check && isStale && problems.length === 0)
    problems.push({
      file: index,
      message: "is out of date",
      hint: "channel-router recipes publish-check  updates it",
    });
  const isWritten = problems.length === 0 && isStale && options.check !== true;
  if (isWritten) await writeChange({ path: index, before, text });
  const ok = problems.length === 0;
  if (options.json) context.print(printedJson({ ok, problems, index, written: isWritten, recipes: entries }));
  else {
    const versions = entries.map(({ version }) => version);
    const tag = ok ? await suggestedTag(versions, { name: indexName, text }, folder, context.env) : undefined;
    print(checked, problems, { index, isWritten, folder, tag }, context);
  }
  return ok ? 0 : 1;
}

function recipeNames(folder: string): string[] {
  const recipes = join(folder, "recipes");
  const names = existsSync(recipes)
    ? readdirSync(recipes)
        .filter((name) => name.endsWith(".yaml"))
        .map((name) => basename(name, ".yaml"))
        .sort()
    : [];
  if (names.length > 0) return names;
  throw new UsageError("E_USAGE", `${recipes} has no recipes`, {
    hint: "pass the folder of a repository with recipes/*.yaml",
  });
}

function print(
  checked: readonly CheckedRecipe[],
  problems: readonly PublishProblem[],
  {
    index,
    isWritten,
    folder,
    tag,
  }: {
    readonly index: string;
    readonly isWritten: boolean;
    readonly folder: string;
    readonly tag: string | undefined;
  },
  { print: show }: CommandContext,
): void {
  const named = (path: string) => relative(folder, path) || path;
  for (const { name, entry, problems: own } of checked) {
    const costs =
      entry?.tokens === undefined || entry.tokens === null ? "" : `, ~${entry.tokens} tokens per event`;
    const state = own.length === 0 ? colors.green("ok  ") : colors.red("fail");
    show(printed(line`${state} ${name}${entry === undefined ? "" : ` ${entry.version}`}${costs}`));
  }
  for (const { file, message, hint } of problems)
    show(printed(line`${named(file)}: ${message}`, line`  ${hint}`));
  if (problems.length > 0)
    show(printed(line`${colors.red(countOf(problems.length, "problem"))}; ${named(index)} was not written`));
  else
    show(
      printed(
        line`${named(index)}: ${isWritten ? "written" : "unchanged"}${tag === undefined ? "" : `; commit it, and tag the commit: git tag ${tag}`}`,
      ),
    );
}
