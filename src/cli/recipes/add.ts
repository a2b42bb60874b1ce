// `recipes add`: adds a recipe to the config. A shared one is fetched, tested, shown and pinned; nothing is written
// before the user agrees. It never gives consent to the powers of the recipe: `trust` does.

import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { setVariable } from "../../config/paths.ts";
import { bundledRecipes } from "../../config/recipe/bundled.ts";
import { lockName } from "../../config/recipe/lock.ts";
import { findRecipe } from "../../config/recipe/reference.ts";
import { parseShared, type SharedReference, writtenReference } from "../../config/recipe/shared-reference.ts";
import { addUse } from "../../config/yaml/add-use.ts";
import { configOfCommand } from "../../daemon/start/find-config.ts";
import { loadPlan } from "../../daemon/start/load-plan.ts";
import { UsageError } from "../../errors.ts";
import { type FetchedRecipe, fetchRecipe } from "../../recipes/fetch-recipe.ts";
import { line } from "../../text.ts";
import { colors } from "../colors.ts";
import { trust } from "../commands/trust.ts";
import { type CommandContext, isYes, type Person } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { readPresent } from "../init/files.ts";
import { type Chosen, configText, useLines, useName } from "../init/texts.ts";
import { chooseInputs, readPairs, unknownInput } from "../init/wishes.ts";
import { printed, printedJson } from "../print.ts";
import {
  failedTests,
  type InspectedRecipe,
  inspectedAnswer,
  inspectedLines,
  inspectFetched,
  inspectRecipe,
  introLines,
} from "./inspect.ts";
import {
  addedCapabilities,
  askedPerson,
  capabilityRefusal,
  declinesCapabilities,
  requireAllowedHere,
} from "./new-capabilities.ts";
import {
  type ConfigOption,
  fetchContext,
  noteUnread,
  type RecipeProject,
  readProject,
  requireKnown,
  requireShared,
} from "./pinned.ts";
import {
  changedFiles,
  changeLines,
  changingFolder,
  checkChange,
  neededLock,
  type RecipeChange,
  takenVariables,
  variableChanges,
  writeRecipeChange,
} from "./proposal.ts";

export interface AddOptions extends ConfigOption {
  readonly as?: string;
  readonly with: readonly string[];
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly allowCapabilities?: boolean;
}

/** Returns 1 if the user declines or a test fails. */
export async function addRecipe(
  typed: string,
  options: AddOptions,
  context: CommandContext,
): Promise<ExitCode> {
  if (options.as !== undefined && !/^[a-z][a-z0-9_]*$/.test(options.as))
    throw new UsageError(
      "E_USAGE",
      `--as ${options.as} is not a valid name: use lower-case letters, digits and _`,
    );
  const person = askedPerson(
    "add",
    options,
    context,
    `channel-router recipes add ${typed} --yes, or --dry-run to see it`,
  );
  requireAllowedHere(options, context);
  const config = configOfAdd(options, context);
  return changingFolder(dirname(config), { person, dryRun: options.dryRun }, () =>
    addTo(config, typed, options, person, context),
  );
}

async function addTo(
  config: string,
  typed: string,
  options: AddOptions,
  person: Person | undefined,
  context: CommandContext,
): Promise<ExitCode> {
  const project = readProject(config, (await readPresent(config)) ?? "");
  noteUnread(project, context);
  const written = fromConfig(typed, project, context);
  await requireKnown(written, context);
  const fetched = await fetchShared(written, project, context);
  const reference = fetched === undefined ? written : writtenReference(fetched.reference);
  const { inspected, added } =
    fetched === undefined
      ? { inspected: await inspectRecipe(fileOf(written, project), context), added: [] }
      : await inspectFetched(fetched, context, async (one, file) => ({
          inspected: one,
          added: await addedCapabilities(project, fetched, file, context),
        }));

  const from = describeSource(reference, fetched);
  if (!options.json) context.print(printed(...introLines(inspected, from)));
  const restored = project.uses.find(({ recipe }) => recipe === reference);
  const isRestored = restored !== undefined && options.as === undefined;
  const chosen: Chosen | undefined = isRestored
    ? undefined
    : await chooseFor(inspected, reference, options, person, takenFor(reference, project, context));
  const proposed = await propose(project, { reference, fetched, chosen, options }, context);
  const { change, missing } = proposed;
  const name = restored !== undefined && isRestored ? restored.name : (chosen?.as ?? "");
  const answer = (isWritten: boolean) => ({
    config: project.config,
    written: isWritten,
    use: name,
    reference,
    ...(fetched === undefined ? {} : { locked: fetched.locked }),
    ...inspectedAnswer(inspected),
    files: changedFiles(change),
    variables: missing,
    ...(added.length === 0 ? {} : { newCapabilities: added }),
  });
  const failed = failedTests(inspected.suite);
  if (!options.json) {
    context.print(
      printed(
        ...inspectedLines(inspected, chosen?.values),
        ...added.map((one) => line`  ${colors.yellow("now also")} ${one}`),
        line``,
        ...changeLines(change),
      ),
    );
    if (changedFiles(change).length === 0)
      context.print(printed(line`unchanged: ${project.config} already uses it as ${name}`));
  }
  const isNeeded = changedFiles(change).length > 0;
  const refusal = failed.length > 0 ? "its tests fail" : capabilityRefusal(added, options);
  if (refusal !== undefined && !options.json) context.print(printed(line`nothing was written: ${refusal}`));
  const mayWrite =
    isNeeded &&
    refusal === undefined &&
    options.dryRun !== true &&
    (person === undefined ||
      (!(await declinesCapabilities(added, person, options)) &&
        isYes(await person.ask(line`Add it? [y/N] `))));
  if (mayWrite) await writeRecipeChange(change, person);
  if (options.json) context.print(printedJson(answer(mayWrite)));
  if (refusal !== undefined) return 1;
  if (!isNeeded || options.dryRun) return 0;
  if (!mayWrite) {
    context.print(printed(line`nothing was written`));
    return 1;
  }
  if (!options.json) await finishUp(project.config, name, missing, options, context);
  return 0;
}

/** The config, which may not exist yet. */
function configOfAdd(options: AddOptions, context: CommandContext): string {
  const { file } = configOfCommand(options.config, context);
  return file ?? resolve(context.cwd, setVariable(context.env, "CLAUDE_PROJECT_DIR") ?? ".", "channels.yaml");
}

/** Makes a path relative to the config's folder instead of the current one. */
function fromConfig(typed: string, { folder }: RecipeProject, { cwd }: CommandContext): string {
  if (parseShared(typed) !== undefined || !/[/\\]|\.ya?ml$/.test(typed)) return typed;
  const path = relative(folder, resolve(cwd, typed)).replaceAll("\\", "/");
  return path.startsWith("../") ? path : `./${path}`;
}

/** Undefined if the recipe is not shared. */
async function fetchShared(
  written: string,
  { lock }: RecipeProject,
  context: CommandContext,
): Promise<FetchedRecipe | undefined> {
  if (parseShared(written) === undefined) return undefined;
  const reference: SharedReference = requireShared(written);
  const pinned = lock.get(written);
  const fetched = await fetchRecipe(reference, pinned, fetchContext(context));
  if (
    pinned === undefined ||
    JSON.stringify(sorted(pinned.files)) === JSON.stringify(sorted(fetched.locked.files))
  )
    return fetched;
  if (pinned.commit !== fetched.locked.commit) return fetched;
  throw new UsageError("E_CONFIG_LOCK", `${lockName} was edited: it does not list the files of ${written}`, {
    hint: "restore it from version control",
  });
}

function sorted(files: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(files).sort(([one], [other]) => (one < other ? -1 : 1));
}

function fileOf(written: string, { folder }: RecipeProject): string {
  const found = findRecipe(written, folder);
  if ("message" in found) throw new UsageError("E_USAGE", found.message, { hint: found.hint });
  return found.file;
}

async function chooseFor(
  { details }: InspectedRecipe,
  reference: string,
  options: AddOptions,
  person: Person | undefined,
  isTaken: ((variable: string) => boolean) | undefined,
): Promise<Chosen> {
  const given = readPairs(options.with);
  const chosen = await chooseInputs(details, given, 1, person, isTaken);
  for (const name of given.keys()) throw unknownInput(name, [details]);
  return { ...chosen, as: options.as ?? useName(details), reference };
}

/** A shared recipe must not pick variables that the user has for other purposes. */
function takenFor(
  reference: string,
  project: RecipeProject,
  { env }: CommandContext,
): ((variable: string) => boolean) | undefined {
  const isKnown = reference.startsWith("./") || bundledRecipes().includes(reference);
  return isKnown ? undefined : takenVariables(project, env);
}

interface Wanted {
  readonly reference: string;
  readonly fetched: FetchedRecipe | undefined;
  /** Undefined if the config already has it. */
  readonly chosen: Chosen | undefined;
  readonly options: AddOptions;
}

async function propose(
  project: RecipeProject,
  { reference, fetched, chosen, options }: Wanted,
  context: CommandContext,
): Promise<{ readonly change: RecipeChange; readonly missing: readonly string[] }> {
  const { config, lock } = project;
  const text = chosen === undefined ? project.text : withUse(project, chosen, options);
  const secrets = (chosen?.secrets ?? []).filter(({ isSet, value }) => isSet !== true || value !== undefined);
  const { changes, missing } = await variableChanges(config, secrets, context.env);
  const next =
    fetched === undefined
      ? lock
      : neededLock({ ...project, lock: new Map([...lock, [reference, fetched.locked]]) }, text);
  const change = {
    project,
    text,
    lock: next,
    fetched: fetched === undefined ? [] : [fetched],
    others: changes,
  };
  await checkChange(change, context.env);
  return { change, missing };
}

function withUse({ text, config, uses }: RecipeProject, chosen: Chosen, options: AddOptions): string {
  const name = chosen.as ?? "";
  if (uses.some((use) => use.name === name))
    throw new UsageError("E_USAGE", `use.${name} already exists`, { hint: "add  --as NAME" });
  const added =
    text === ""
      ? configText(undefined, { chosen: [chosen], serverName: "router" })
      : addUse(text, options.as === undefined ? (chosen.reference ?? "") : "", useLines(chosen));
  if ("text" in added) return added.text;
  const why = "problem" in added ? added.problem : `use.${added.present} already uses it`;
  throw new UsageError("E_USAGE", `${config} was not changed: ${why}`, {
    hint: `add these lines to it:\n${useLines(chosen)
      .map((one) => `  ${one}`)
      .join("\n")}`,
  });
}

function describeSource(reference: string, fetched: FetchedRecipe | undefined): string {
  if (fetched === undefined)
    return bundledRecipes().includes(reference) ? "channel-router itself" : reference;
  const { commit, ref, integrity } = fetched.locked;
  if (commit === undefined) return `${reference} (${integrity ?? ""})`;
  return `${reference} (commit ${commit.slice(0, 12)}${ref === "branch" ? ", a branch: it is pinned to this commit" : ""})`;
}

async function finishUp(
  config: string,
  name: string,
  missing: readonly string[],
  options: AddOptions,
  context: CommandContext,
): Promise<void> {
  context.print(printed(line``, line`${colors.green("added")} ${name} to ${config}`));
  if (missing.length > 0)
    context.print(
      printed(line`  set ${missing.join(", ")} in the .env beside it, then run  channel-router check`),
    );
  const { issues, plan } = await loadPlan(config, context.env);
  if (issues.length > 0 || plan.powers.length === 0 || !existsSync(config)) return;
  // Powers wait for consent, which this command never gives itself.
  if (options.yes || context.person === undefined)
    context.print(printed(line`  it waits for your consent: channel-router trust`));
  else await trust(config, {}, context);
}
