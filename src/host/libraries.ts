// Client libraries that the program does not contain. `channel-router add TYPE` installs them below the state
// folder, which npx, pnpm, a plugin and a global installation share; a library beside the program works too.

import { access, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Libraries } from "../contract.ts";
import { ConnectorError } from "../errors.ts";
import { readStateFile, writeStateFile } from "../files/state-file.ts";

/** One installation. Each has a folder of its own: Node remembers for the life of a process what a folder lacked. */
export interface InstalledLibrary {
  readonly folder: string;
  readonly packages: Readonly<Record<string, string>>;
}

/** A file inside the installation: a bare name that it imports is looked up from there. */
const loaderName = "load.mjs";
export const loader = { name: loaderName, text: "export const load = (name) => import(name);\n" };

/** `folder`: of all libraries. Rejects with E_LIBRARY when one is missing. */
export async function loadLibraries(libraries: Libraries, folder: string): Promise<readonly unknown[]> {
  const installed = await installedLibraries(libraries.type, folder);
  try {
    return await importAll(libraries, installed);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new ConnectorError("E_LIBRARY", missingText(libraries), { hint: addHint(libraries), cause });
  }
}

async function importAll({ packages }: Libraries, installed: InstalledLibrary | undefined) {
  const names = Object.keys(packages);
  if (installed === undefined) return Promise.all(names.map((name) => import(name) as Promise<unknown>));
  const { load } = (await import(pathToFileURL(join(installed.folder, loaderName)).href)) as {
    load(name: string): Promise<unknown>;
  };
  return Promise.all(names.map(load));
}

/** What `add` installed for this type; undefined for nothing, or when its folder is gone. */
export async function installedLibraries(
  type: string,
  folder: string,
): Promise<InstalledLibrary | undefined> {
  const found = (await readStateFile(pointerOf(type, folder))) as
    | Partial<InstalledLibrary>
    | null
    | undefined;
  if (typeof found?.folder !== "string" || typeof found.packages !== "object") return undefined;
  const isThere = await access(join(found.folder, loaderName)).then(
    () => true,
    () => false,
  );
  return isThere ? { folder: found.folder, packages: found.packages } : undefined;
}

/** Makes an installation the one that is loaded from now on, and removes the last but one. */
export async function useInstalled(type: string, folder: string, installed: InstalledLibrary): Promise<void> {
  const last = await readStateFile(pointerOf(type, folder));
  const earlier = (last as { earlier?: unknown } | null | undefined)?.earlier;
  const before = (last as { folder?: unknown } | null | undefined)?.folder;
  await writeStateFile(
    pointerOf(type, folder),
    `${JSON.stringify({ ...installed, ...(before === undefined ? {} : { earlier: before }) })}\n`,
  );
  // A running router may still load files of the last one.
  if (typeof earlier === "string" && earlier !== installed.folder && earlier.startsWith(join(folder, type)))
    await rm(earlier, { recursive: true, force: true });
}

/** Whether all of them would load, without loading them. */
export async function hasLibraries({ type, packages }: Libraries, folder: string): Promise<boolean> {
  if ((await installedLibraries(type, folder)) !== undefined) return true;
  const { resolve } = createRequire(import.meta.url);
  return Object.keys(packages).every((name) => {
    try {
      resolve(name);
      return true;
    } catch (error) {
      // Any other failure is of a package that is there: one without an entry for `require`, for instance.
      return (error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND";
    }
  });
}

export function missingText({ title }: Pick<Libraries, "title">): string {
  return `the ${title} client is not installed`;
}

export function addHint({ type }: Pick<Libraries, "type">): string {
  return `channel-router add ${type}`;
}

function pointerOf(type: string, folder: string): string {
  return join(folder, type, "current.json");
}
