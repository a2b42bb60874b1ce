// Writes pinned recipes beside the config: the copies in `.channels/recipes/`, and `channels.lock`. Each file is
// replaced atomically, and never through a link: a cloned repository could contain one to any folder.

import { randomBytes } from "node:crypto";
import { lstat, mkdir, mkdtemp, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  copiesFolder,
  copyFolder,
  lockedCopies,
  lockName,
  lockText,
  type RecipeLock,
} from "../config/recipe/lock.ts";
import { ConnectorError } from "../errors.ts";
import type { FetchedRecipe } from "./fetch-recipe.ts";

/** Keeps git from converting line endings of copies, which would change their hashes. */
const attributes = "# Copies are compared byte by byte with channels.lock.\n* -text\n";

/** `folder`: the config's. */
export async function writeCopies(
  folder: string,
  { reference, locked, files }: FetchedRecipe,
): Promise<void> {
  for (const [path, bytes] of files)
    await replaceBelow(folder, `${copyFolder(reference, locked)}/${path}`, bytes);
  await replaceBelow(folder, `${copiesFolder}/.gitattributes`, attributes);
}

/** Deletes the copies that only `before` has, and folders that become empty. Other files stay. */
export async function removeUnused(folder: string, before: RecipeLock, now: RecipeLock): Promise<void> {
  const needed = lockedCopies(now);
  for (const path of lockedCopies(before).keys()) {
    if (needed.has(path) || (await linkAbove(folder, path)) !== undefined) continue;
    await rm(join(folder, path), { force: true });
    await removeEmpty(folder, dirname(path));
  }
}

async function removeEmpty(folder: string, path: string): Promise<void> {
  for (let empty = path; empty.startsWith(copiesFolder); empty = dirname(empty)) {
    const names = await readdir(join(folder, empty)).catch(() => undefined);
    const isLast = empty === copiesFolder && names?.join() === ".gitattributes";
    if (isLast) await rm(join(folder, empty, ".gitattributes"), { force: true });
    if (names === undefined || (names.length > 0 && !isLast)) return;
    await rmdir(join(folder, empty)).catch(() => undefined); // Another file is in it.
  }
  await rmdir(join(folder, dirname(copiesFolder))).catch(() => undefined); // It has other files.
}

/** Deletes the lock if it has no entries. */
export async function writeLock(folder: string, recipes: RecipeLock): Promise<void> {
  if (recipes.size === 0) await rm(join(folder, lockName), { force: true });
  else await replaceBelow(folder, lockName, lockText(recipes));
}

async function replaceBelow(folder: string, path: string, content: Buffer | string): Promise<void> {
  const link = await linkAbove(folder, path);
  if (link !== undefined)
    throw new ConnectorError(
      "E_RECIPE_UNSAFE",
      `${join(folder, link)} is a link, and files are not written through links`,
      {
        hint: "remove the link",
      },
    );
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${randomBytes(6).toString("hex")}.new`;
  try {
    await writeFile(temporary, content, { flag: "wx", mode: 0o644 });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The first part of a path that is a link. */
async function linkAbove(folder: string, path: string): Promise<string | undefined> {
  const names = path.split("/");
  for (const index of names.keys()) {
    const part = names.slice(0, index + 1).join("/");
    const found = await lstat(join(folder, part)).catch(() => undefined);
    if (found?.isSymbolicLink() === true) return part;
  }
  return undefined;
}

/** Runs `work` with a copy of the recipe in a temporary folder. */
export async function withStaged<T>(fetched: FetchedRecipe, work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "channel-router-recipe-"));
  try {
    await writeCopies(folder, fetched);
    const { reference, locked } = fetched;
    return await work(join(folder, copyFolder(reference, locked), locked.recipe));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
