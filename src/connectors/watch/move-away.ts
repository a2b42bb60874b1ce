// Moves a file out of a drop folder. Nothing is ever overwritten: where its name is taken, it gets another.

import { constants } from "node:fs";
import { copyFile, link, lstat, mkdir, realpath, unlink } from "node:fs/promises";
import { join, parse } from "node:path";
import { isWithin } from "../../files/pattern.ts";
import type { FoundFile } from "../../files/search.ts";

const mostNames = 10_000;

/**
 * Settles with the new path. Rejects with the system's error, or with one that says that the folder leads out of `bounds` (any of
 * them, without links).
 */
export async function moveAway(file: FoundFile, folder: string, bounds: readonly string[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const into = await realpath(folder);
  if (!bounds.some((bound) => isWithin(into, bound))) throw new Error(`${folder} leads to ${into}`);
  const { name, ext } = parse(file.path);
  for (let number = 0; number < mostNames; number++) {
    const target = join(into, number === 0 ? `${name}${ext}` : `${name}-${number}${ext}`);
    if (await place(file, target)) {
      await unlink(file.real);
      return target;
    }
  }
  throw new Error(`${folder} has ${mostNames} files of this name`);
}

/** False when the name is taken. */
async function place(file: FoundFile, target: string): Promise<boolean> {
  try {
    await link(file.real, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A crash between the two steps of an earlier try leaves the file under both names.
    if (code === "EEXIST") return isItself(file, target);
    if (code !== "EXDEV" && code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw error;
  }
  // Another disk, or one without second names.
  try {
    await copyFile(file.real, target, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function isItself(file: FoundFile, target: string): Promise<boolean> {
  const stats = await lstat(target, { bigint: true });
  return `${stats.dev}:${stats.ino}` === file.id;
}
