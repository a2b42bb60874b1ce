// `recipes update`: moves a pinned recipe to another version. First runs the new tests and shows what changes; if a
// test fails or the user declines, nothing is written. New capabilities are confirmed separately.

import { dirname, join } from "node:path";
import { copyFolder, copyProblem, type LockedRecipe } from "../../config/recipe/lock.ts";
import { parseShared, type SharedReference, writtenReference } from "../../config/recipe/shared-reference.ts";
import { addInputs, setReference } from "../../config/yaml/edit-use.ts";
import { UsageError } from "../../errors.ts";
import { type FetchedRecipe, fetchRecipe, findNewer } from "../../recipes/fetch-recipe.ts";
import { line, type SafeText } from "../../text.ts";
import { colors } from "../colors.ts";
import { type CommandContext, isYes, type Person } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configLocation } from "../find-router.ts";
import { type Chosen, inputLines } from "../init/texts.ts";
import { chooseInputs, readPairs, unknownInput } from "../init/wishes.ts";
import { printed, printedJson } from "../print.ts";
import { compareRecipes, type RecipeDifference, withoutVariables } from "./compare.ts";
import { failedTests, type InspectedRecipe, inspectFetched } from "./inspect.ts";
import {
  askedPerson,
  capabilityRefusal,
  declinesCapabilities,
  requireAllowedHere,
} from "./new-capabilities.ts";
import {
  type ConfigOption,
  fetchContext,
  noteUnread,
  openProject,
  type RecipeProject,
  requireShared,
  requireUse,
  type SharedUse,
  sharedUses,
} from "./pinned.ts";
import {
  changedFiles,
  changingFolder,
  checkChange,
  neededLock,
  type RecipeChange,
  takenVariables,
  variableChanges,
  writeRecipeChange,
} from "./proposal.ts";

export interface UpdateOptions extends ConfigOption {
  /** Values of inputs that the new version adds. */
  readonly with: readonly string[];
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly allowCapabilities?: boolean;
}

interface UpdateAnswer extends RecipeDifference {
  readonly use: string;
  readonly reference: string;
  readonly newer: string;
  readonly commit: string | null;
  readonly tests: { readonly passed: number; readonly failed: readonly string[] };
  readonly written: boolean;
  /** The reason if it was not written. */
  readonly refused?: string;
  readonly files: readonly string[];
}

/** Returns 1 if an available update was not applied. */
export async function updateRecipes(
  name: string | undefined,
  ref: string | undefined,
  options: UpdateOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const person = askedPerson(
    "update",
    options,
    context,
    "--yes updates without a question, --dry-run only shows what changes",
  );
  requireAllowedHere(options, context);
  const folder = dirname(configLocation(context, options.config).file);
  return changingFolder(folder, { person, dryRun: options.dryRun }, () =>
    updateUses(name, ref, options, person, context),
  );
}

async function updateUses(
  name: string | undefined,
  ref: string | undefined,
  options: UpdateOptions,
  person: Person | undefined,
  context: CommandContext,
): Promise<ExitCode> {
  const opened = await openProject(context, options.config);
  noteUnread(opened, context);
  const { uses } = opened;
  const chosen = name === undefined ? undefined : requireUse(uses, name);
  if (chosen !== undefined) requireShared(chosen.recipe);
  const answers: UpdateAnswer[] = [];
  for (const { name: use } of chosen === undefined ? uses : [chosen]) {
    // Read again, because the previous update may have changed it.
    const project = await openProject(context, options.config);
    const shared = sharedUses(project.uses).find((one) => one.use.name === use);
    if (shared === undefined) continue;
    const pinned = requirePinned(project, shared);
    const target = await targetOf(shared, pinned, ref, context);
    if (target === undefined) continue;
    answers.push(await updateOne(project, shared, { pinned, target }, options, person, context));
  }
  const ok = answers.every(({ written }) => written || options.dryRun === true);
  if (options.json) context.print(printedJson({ ok, updates: answers }));
  else if (answers.length === 0) context.print(printed(line`nothing to update`));
  return ok ? 0 : 1;
}

function requirePinned({ lock, folder }: RecipeProject, { use, reference }: SharedUse): LockedRecipe {
  const pinned = lock.get(use.recipe);
  const hint = `channel-router recipes add ${use.recipe}`;
  if (pinned === undefined)
    throw new UsageError("E_CONFIG_LOCK", `${use.recipe} is not in channels.lock`, { hint });
  for (const [path, sha256] of Object.entries(pinned.files)) {
    const wrong = copyProblem(folder, `${copyFolder(reference, pinned)}/${path}`, sha256);
    if (wrong !== undefined)
      throw new UsageError("E_CONFIG_LOCK", `${wrong.path} ${wrong.problem}`, {
        hint: `${hint}  restores it`,
      });
  }
  return pinned;
}

/** Undefined if there is no newer version. */
async function targetOf(
  { use, reference }: SharedUse,
  pinned: LockedRecipe,
  ref: string | undefined,
  context: CommandContext,
): Promise<SharedReference | undefined> {
  if (ref === undefined) {
    const newer = await findNewer(reference, pinned, fetchContext(context));
    return newer && { ...reference, ref: newer.ref };
  }
  const wanted = requireShared(
    parseShared(ref) === undefined ? `${reference.base}@${ref.replace(/^@/, "")}` : ref,
  );
  if (wanted.ref === undefined)
    throw new UsageError("E_USAGE", `${ref} has no version`, { hint: "add @TAG" });
  if (writtenReference(wanted) !== use.recipe || pinned.ref === "branch") return wanted;
  // There is nothing to move to, but a tag that names another commit now is an error here, too.
  await findNewer(reference, pinned, fetchContext(context));
  return undefined;
}

interface Target {
  readonly pinned: LockedRecipe;
  readonly target: SharedReference;
}

async function updateOne(
  project: RecipeProject,
  shared: SharedUse,
  { pinned, target }: Target,
  options: UpdateOptions,
  person: Person | undefined,
  context: CommandContext,
): Promise<UpdateAnswer> {
  const { use, reference } = shared;
  const written = writtenReference(target);
  // A branch is expected to have a new commit; any other pin must be unchanged.
  const known = project.lock.get(written);
  const fetched = await fetchRecipe(
    target,
    known?.ref === "branch" ? undefined : known,
    fetchContext(context),
  );
  return inspectFetched(fetched, context, async (inspected, file) => {
    const oldFile = join(project.folder, copyFolder(reference, pinned), pinned.recipe);
    const difference = await compareRecipes([oldFile, file], withoutVariables(use.with), context);
    const failed = failedTests(inspected.suite);
    const tests = { passed: inspected.suite.tests.length - failed.length, failed };
    const isTaken = takenVariables(project, context.env);
    const chosen = await chooseNew(inspected, difference, options, person, isTaken);
    const change = await changeOf(project, { shared, fetched, chosen }, context);
    const answer = {
      use: use.name,
      reference: use.recipe,
      newer: written,
      commit: fetched.locked.commit ?? null,
      ...difference,
      tests,
    };
    if (!options.json) context.print(printed(...differenceLines(answer)));
    const isUnchanged = changedFiles(change).length === 0;
    let refused = isUnchanged ? "nothing has changed" : refusalOf(answer, options);
    if (refused === undefined) {
      await checkChange(change, context.env);
      refused = await declined(answer, person, options);
    }
    if (refused === undefined) await writeRecipeChange(change, person);
    if (!options.json)
      context.print(
        printed(
          refused === undefined
            ? line`${colors.green("updated")} ${use.name} to ${written}`
            : line`nothing was written: ${refused}`,
        ),
      );
    return {
      ...answer,
      written: refused === undefined || isUnchanged,
      ...(refused === undefined ? {} : { refused }),
      files: changedFiles(change),
    };
  });
}

/** Values for new required inputs. Rejects with a UsageError if one has none. */
async function chooseNew(
  { details }: InspectedRecipe,
  { inputs }: RecipeDifference,
  options: UpdateOptions,
  person: Person | undefined,
  isTaken: (variable: string) => boolean,
): Promise<Chosen> {
  const given = readPairs(options.with);
  const added = details.inputs.filter(({ name }) => inputs.added.includes(name));
  const needed = added.filter(({ name, default: fallback }) => fallback === undefined || given.has(name));
  const recipe = { ...details, inputs: needed };
  const chosen = await chooseInputs(recipe, given, 1, person, isTaken);
  for (const name of given.keys()) throw unknownInput(name, [{ ...details, inputs: added }]);
  return chosen;
}

interface Wanted {
  readonly shared: SharedUse;
  readonly fetched: FetchedRecipe;
  readonly chosen: Chosen;
}

async function changeOf(
  project: RecipeProject,
  { shared: { use }, fetched, chosen }: Wanted,
  { env }: CommandContext,
): Promise<RecipeChange> {
  const written = writtenReference(fetched.reference);
  const lines = inputLines(chosen);
  const moved =
    written === use.recipe ? { text: project.text } : setReference(project.text, use.name, written);
  const edited = "problem" in moved || lines.length === 0 ? moved : addInputs(moved.text, use.name, lines);
  if ("problem" in edited)
    throw new UsageError("E_USAGE", `${project.config} was not changed: ${edited.problem}`, {
      hint: `write  recipe: ${written}  there, then: channel-router recipes add ${written}`,
    });
  const both = { ...project, lock: new Map([...project.lock, [written, fetched.locked]]) };
  const isKnown = JSON.stringify(project.lock.get(written)) === JSON.stringify(fetched.locked);
  const { changes } = await variableChanges(project.config, chosen.secrets, env);
  return {
    project,
    text: edited.text,
    lock: neededLock(both, edited.text),
    fetched: isKnown ? [] : [fetched],
    others: changes,
  };
}

function refusalOf(
  { tests, capabilities }: Pick<UpdateAnswer, "tests" | "capabilities">,
  options: UpdateOptions,
): string | undefined {
  if (tests.failed.length > 0) return `its tests fail: ${tests.failed.join(", ")}`;
  return capabilityRefusal(capabilities.added, options) ?? (options.dryRun ? "--dry-run" : undefined);
}

async function declined(
  { capabilities }: Pick<UpdateAnswer, "capabilities">,
  person: Person | undefined,
  options: UpdateOptions,
): Promise<string | undefined> {
  if (person === undefined) return undefined;
  if (await declinesCapabilities(capabilities.added, person, options))
    return "you declined its new capabilities";
  return isYes(await person.ask(line`Update it? [y/N] `)) ? undefined : "you declined";
}

function differenceLines({
  use,
  reference,
  newer,
  from,
  to,
  changes,
  capabilities,
  tokens,
  tests,
}: Omit<UpdateAnswer, "written" | "files">): SafeText[] {
  const { added, removed } = capabilities;
  return [
    line`${colors.bold(use)}  ${reference} -> ${newer}`,
    line`  version ${from} -> ${to}`,
    ...(changes.length === 0 && added.length === 0
      ? [line`  no changes to its sources, channels and tools`]
      : []),
    ...changes.map((one) => line`  - ${one}`),
    ...added.map((one) => line`  ${colors.yellow("now also")} ${one}`),
    ...removed.map((one) => line`  no longer ${one}`),
    ...(tokens.before === null || tokens.after === null
      ? []
      : [line`  ~${tokens.before} -> ~${tokens.after} tokens per event`]),
    line`  tests: ${tests.passed} passed${tests.failed.length === 0 ? "" : `, ${tests.failed.length} failed`}`,
    ...tests.failed.map((name) => line`  ${colors.red("FAIL")} ${name}`),
  ];
}
