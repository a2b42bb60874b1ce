// New capabilities of a recipe that is pinned at another version: only the user at a terminal can allow them, or
// --allow-capabilities.

import { join } from "node:path";
import { copyFolder, copyProblem } from "../../config/recipe/lock.ts";
import { parseShared, type SharedReference, writtenReference } from "../../config/recipe/shared-reference.ts";
import { UsageError } from "../../errors.ts";
import type { FetchedRecipe } from "../../recipes/fetch-recipe.ts";
import { line } from "../../text.ts";
import { type CommandContext, isYes, type Person } from "../context.ts";
import { compareRecipes, withoutVariables } from "./compare.ts";
import type { RecipeProject } from "./pinned.ts";

export interface CapabilityOptions {
  readonly yes?: boolean;
  readonly allowCapabilities?: boolean;
}

/**
 * The user to ask; undefined with `--yes`, `--json` or `--dry-run`. Throws a UsageError with this hint if there is
 * nobody to ask and neither `--yes` nor `--dry-run` is given.
 */
export function askedPerson(
  command: string,
  { yes, json, dryRun }: { readonly yes?: boolean; readonly json?: boolean; readonly dryRun?: boolean },
  context: Pick<CommandContext, "person">,
  hint: string,
): Person | undefined {
  const person = yes || json || dryRun ? undefined : context.person;
  if (person === undefined && yes !== true && dryRun !== true)
    throw new UsageError("E_USAGE", `${command} asks for confirmation, but there is no terminal`, { hint });
  return person;
}

/** Throws a UsageError for `--allow-capabilities` below a Claude process. */
export function requireAllowedHere(
  { allowCapabilities }: CapabilityOptions,
  { underClaude }: Pick<CommandContext, "underClaude">,
): void {
  if (allowCapabilities && underClaude !== undefined)
    throw new UsageError(
      "E_CONSENT_INTERACTIVE",
      `only the user at a terminal can allow new capabilities, and ${underClaude.sign}`,
      { hint: "run the command in your own terminal" },
    );
}

/** Why `--yes` is not enough; undefined if it is. */
export function capabilityRefusal(
  added: readonly string[],
  { yes, allowCapabilities }: CapabilityOptions,
): string | undefined {
  if (!yes || added.length === 0 || allowCapabilities === true) return undefined;
  return `it has new capabilities (${added.join("; ")}), which --yes does not allow: add --allow-capabilities, or confirm at a terminal`;
}

/** Asks only if there is something to allow. */
export async function declinesCapabilities(
  added: readonly string[],
  person: Person,
  { allowCapabilities }: CapabilityOptions,
): Promise<boolean> {
  if (added.length === 0 || allowCapabilities === true) return false;
  return !isYes(await person.ask(line`New capabilities: ${added.join("; ")}. Allow them? [y/N] `));
}

/**
 * The capabilities of a fetched recipe, in this file, that the pinned version it replaces does not have: to edit
 * the reference in the config and run `add` is also an update.
 */
export async function addedCapabilities(
  { lock, uses, others, folder }: RecipeProject,
  { reference, locked }: FetchedRecipe,
  file: string,
  context: Pick<CommandContext, "env" | "cwd">,
): Promise<string[]> {
  const written = writtenReference(reference);
  const use = uses.find(({ recipe }) => recipe === written);
  // Another config may keep the old version, but this use changes.
  const named = new Set([...uses, ...(use === undefined ? others : [])].map(({ recipe }) => recipe));
  const found: string[] = [];
  for (const [old, pinned] of lock) {
    const shared = parseShared(old);
    if (shared === undefined || "message" in shared || identity(shared) !== identity(reference)) continue;
    if (old === written ? pinned.commit === locked.commit : named.has(old)) continue;
    const copy = copyFolder(shared, pinned);
    const isWhole = Object.entries(pinned.files).every(
      ([path, sha256]) => copyProblem(folder, `${copy}/${path}`, sha256) === undefined,
    );
    if (!isWhole) {
      found.push(`it cannot be compared with ${old}, whose copy is missing or changed`);
      continue;
    }
    const files = [join(folder, copy, pinned.recipe), file] as const;
    found.push(
      ...(await compareRecipes(files, withoutVariables(use?.with ?? {}), context)).capabilities.added,
    );
  }
  return [...new Set(found)];
}

/** The same for each spelling of a reference, without its version. */
function identity(reference: SharedReference): string {
  const { path } = reference;
  const where =
    reference.from === "git" ? `${reference.host}/${reference.repository}`.toLowerCase() : reference.package;
  return JSON.stringify([where, path.replace(/\.ya?ml$/, "")]);
}
