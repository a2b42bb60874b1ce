// What the commands share that manage shared recipes: the config with its lock, and how recipes are fetched.

import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { maxFileBytes } from "../../config/read.ts";
import { bundledRecipes } from "../../config/recipe/bundled.ts";
import { lockName, type RecipeLock, readLock } from "../../config/recipe/lock.ts";
import { findRecipe } from "../../config/recipe/reference.ts";
import { parseShared, type SharedReference } from "../../config/recipe/shared-reference.ts";
import { readBounded } from "../../config/yaml/bounded-file.ts";
import { readUse, type UseEntry, useEntries } from "../../config/yaml/edit-use.ts";
import { configOfCommand } from "../../daemon/start/find-config.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { ConnectorError, isRouterError, UsageError } from "../../errors.ts";
import type { FetchContext } from "../../recipes/fetch-recipe.ts";
import { line } from "../../text.ts";
import type { CommandContext } from "../context.ts";
import { configLocation } from "../find-router.ts";
import { readPresent } from "../init/files.ts";
import { npmOutput } from "../npm.ts";
import { fileOf } from "./details.ts";
import { ofCatalogues, readCatalogues } from "./search.ts";

export interface ConfigOption {
  readonly config?: string;
  readonly json?: boolean;
}

/** A config, the recipes that it uses, and its lock. */
export interface RecipeProject {
  readonly config: string;
  readonly text: string;
  readonly folder: string;
  readonly uses: readonly UseEntry[];
  /** Of other configs in its folder, which have the same lock. */
  readonly others: readonly UseEntry[];
  /** Names of files in its folder that may be configs, and whose uses are unknown. */
  readonly unread: readonly string[];
  readonly lock: RecipeLock;
}

/** Rejects with a UsageError when there is no config, and for a lock that cannot be used. */
export async function openProject(
  context: CommandContext,
  explicit: string | undefined,
): Promise<RecipeProject> {
  const { file } = configLocation(context, explicit);
  return readProject(file, await readPresent(file));
}

export function readProject(config: string, text: string | undefined): RecipeProject {
  if (text === undefined) throw new UsageError("E_USAGE", `${config} does not exist`);
  const folder = dirname(config);
  const { problem, recipes } = readLock(folder);
  if (problem !== undefined)
    throw new UsageError("E_CONFIG_LOCK", problem, { hint: "restore it from version control" });
  return { config, text, folder, uses: useEntries(text), ...usesBeside(config), lock: recipes };
}

const maxBeside = 50;

type Beside = Pick<RecipeProject, "others" | "unread">;

function usesBeside(config: string): Beside {
  const folder = dirname(config);
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => /\.ya?ml$/.test(entry.name) && (entry.isFile() || entry.isSymbolicLink()))
    .map(({ name }) => name)
    .filter((name) => name !== basename(config))
    .sort();
  const read = names.slice(0, maxBeside).map((name) => ({ name, uses: usesOf(join(folder, name)) }));
  const unread = read.flatMap(({ name, uses }) => (uses === undefined ? [name] : []));
  return {
    others: read.flatMap(({ uses }) => uses ?? []),
    unread: [...unread, ...names.slice(maxBeside)],
  };
}

/** Undefined when it is unknown, as in a file that is being edited. */
function usesOf(path: string): UseEntry[] | undefined {
  const reading = readBounded(path, maxFileBytes);
  if (!reading.ok) return undefined;
  const text = reading.bytes.toString("utf8");
  // Most are no configs. A key may be written with escapes.
  if (!/recipe|\\/.test(text)) return [];
  const uses = readUse(text);
  return uses?.some(({ recipe }) => recipe === "") ? undefined : uses;
}

/** Notifies the user of files whose uses are unknown, because of which no pin is removed. */
export function noteUnread({ unread, lock }: RecipeProject, { note }: Pick<CommandContext, "note">): void {
  const [first] = unread;
  if (first === undefined || lock.size === 0) return;
  const more = unread.length === 1 ? "" : ` and ${unread.length - 1} more`;
  note(
    line`${first}${more} beside the config cannot be read, and may use any pinned recipe: ${lockName} and the copies keep all of them`,
  );
}

export interface SharedUse {
  readonly use: UseEntry;
  readonly reference: SharedReference;
}

export function sharedUses(uses: readonly UseEntry[]): SharedUse[] {
  return uses.flatMap((use) => {
    const reference = parseShared(use.recipe);
    return reference === undefined || "message" in reference ? [] : [{ use, reference }];
  });
}

/** Throws a UsageError for a name that the config does not have. */
export function requireUse(uses: readonly UseEntry[], name: string): UseEntry {
  const names = uses.map((use) => use.name);
  const found = uses.find((use) => use.name === name || use.recipe === name);
  if (found !== undefined) return found;
  throw new UsageError("E_USAGE", `use: has no ${name}`, {
    hint: didYouMeanHint(name, names) ?? `there are: ${names.join(", ") || "none"}`,
  });
}

/** Throws a UsageError for a reference that is not valid. */
export function requireShared(written: string): SharedReference {
  const reference = parseShared(written);
  if (reference === undefined)
    throw new UsageError("E_USAGE", `${written} is not a shared recipe`, {
      hint: "such as github:OWNER/REPO/PATH@TAG",
    });
  if ("message" in reference) throw new UsageError("E_USAGE", reference.message, { hint: reference.hint });
  return reference;
}

export function fetchContext({ env }: Pick<CommandContext, "env">): FetchContext {
  return {
    env,
    npm: async (args, folder) => {
      try {
        return await npmOutput(args, { folder, env });
      } catch (error) {
        if (!isRouterError(error)) throw error;
        throw new ConnectorError("E_RECIPE_FETCH", error.message, { hint: error.hint, cause: error });
      }
    },
  };
}

interface FoundUse {
  readonly file: string;
  /** What a config writes for it. */
  readonly written: string;
}

/** The file of a recipe: bundled, named by its path, or used by the config, by its name there or its reference. */
export async function findUsed(name: string, context: CommandContext): Promise<FoundUse> {
  const { file: config } = configOfCommand(undefined, context);
  const plain = async () => {
    await requireKnown(name, context);
    return { file: fileOf(name, context), written: name };
  };
  if (!isOfConfig(name)) return plain();
  if (config === undefined)
    return parseShared(name) === undefined ? plain() : Promise.reject(notPinned(name));
  const { folder, uses, lock } = readProject(config, await readPresent(config));
  const use = uses.find((one) => one.name === name || one.recipe === name);
  if (use === undefined && parseShared(name) === undefined) return plain();
  const written = use?.recipe ?? name;
  if (use === undefined && !lock.has(name)) throw notPinned(name);
  const found = findRecipe(written, folder);
  if ("message" in found) throw new UsageError("E_USAGE", found.message, { hint: found.hint });
  return { file: found.file, written };
}

function notPinned(reference: string): UsageError {
  return new UsageError("E_USAGE", `${reference} is not used here`, {
    hint: `channel-router recipes add ${reference} --dry-run  fetches and shows it`,
  });
}

/** Rejects with a UsageError that names the reference, for a name that only a catalogue has. */
export async function requireKnown(
  name: string,
  context: Pick<CommandContext, "env" | "now" | "cwd">,
): Promise<void> {
  if (/[/\\.:]/.test(name) || bundledRecipes().includes(name)) return;
  const listed = ofCatalogues(await readCatalogues({ offline: true }, context), context);
  const found = listed.find(({ recipe }) => recipe === name);
  if (
    found === undefined ||
    ["recipes/", ""].some((place) => existsSync(join(context.cwd, `${place}${name}.yaml`)))
  )
    return;
  throw new UsageError("E_USAGE", `${name} is a recipe of the catalogue ${found.from}`, {
    hint: `channel-router recipes add ${found.reference} --dry-run  fetches and shows it`,
  });
}

/** Names of bundled recipes come first: they are what `recipes list` shows. */
function isOfConfig(name: string): boolean {
  return (
    parseShared(name) !== undefined || (!/[/\\]|\.ya?ml$/.test(name) && !bundledRecipes().includes(name))
  );
}
