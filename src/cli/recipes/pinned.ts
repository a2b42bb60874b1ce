// Shared by the commands that manage recipes: the config with its lock, and how recipes are fetched.

import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { maxFileBytes } from "../../config/read.ts";
import { bundledRecipes } from "../../config/recipe/bundled.ts";
import { type RecipeLock, readLock } from "../../config/recipe/lock.ts";
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
  /** The uses of other configs in its folder, which share the lock. */
  readonly others: readonly UseEntry[];
  /** YAML files in its folder that could not be read, so that their uses are unknown. */
  readonly unread: readonly string[];
  readonly lock: RecipeLock;
}

/** Rejects with a UsageError if there is no config, or the lock is invalid. */
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

/** Undefined if unknown, for instance in a file that is being edited. */
function usesOf(path: string): UseEntry[] | undefined {
  const reading = readBounded(path, maxFileBytes);
  if (!reading.ok) return undefined;
  const text = reading.bytes.toString("utf8");
  // Most YAML files are not configs. A key may contain escapes.
  if (!/recipe|\\/.test(text)) return [];
  const uses = readUse(text);
  return uses?.some(({ recipe }) => recipe === "") ? undefined : uses;
}

/** Reports files whose uses are unknown: they keep all pins. */
export function noteUnread({ unread, lock }: RecipeProject, { note }: Pick<CommandContext, "note">): void {
  const [first] = unread;
  if (first === undefined || lock.size === 0) return;
  const more = unread.length === 1 ? "" : ` and ${unread.length - 1} more`;
  note(
    line`cannot read ${first}${more} beside the config, which may use a pinned recipe: all pins and copies are kept`,
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

/** Throws a UsageError for an unknown name. */
export function requireUse(uses: readonly UseEntry[], name: string): UseEntry {
  const names = uses.map((use) => use.name);
  const found = uses.find((use) => use.name === name || use.recipe === name);
  if (found !== undefined) return found;
  throw new UsageError("E_USAGE", `no recipe named ${name} under use:`, {
    hint: didYouMeanHint(name, names) ?? `known names: ${names.join(", ") || "none"}`,
  });
}

/** Throws a UsageError for an invalid reference. */
export function requireShared(written: string): SharedReference {
  const reference = parseShared(written);
  if (reference === undefined)
    throw new UsageError("E_USAGE", `${written} is not a shared recipe`, {
      hint: "for example github:OWNER/REPO/PATH@TAG",
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
  /** The reference in a config. */
  readonly written: string;
}

/** Finds the file of a recipe by bundled name, path, name under `use:`, or reference. */
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
