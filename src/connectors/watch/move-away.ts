// Moves a file out of a drop folder: exactly the file that was reported, and only if it is unchanged. Nothing
// is ever overwritten: if the name is taken, it gets another. Folders are shared: at each step another
// program may have replaced the file, or put a link in its place.

import { randomUUID } from "node:crypto";
import { link, lstat, mkdir, open, realpath, rename, unlink } from "node:fs/promises";
import { dirname, join, parse } from "node:path";
import { openFound } from "../../files/open-file.ts";
import type { FoundFile } from "../../files/search.ts";
import { isWithin } from "../../within.ts";

const mostNames = 10_000;
const copyBytes = 256 * 1024;

/**
 * Settles with the new path; with undefined when the file was written to or replaced since it was found, and
 * stays. Rejects with the system's error, or with one that says that the folder leads out of `bounds` (any of
 * them, without links).
 */
export async function moveAway(
  file: FoundFile,
  folder: string,
  bounds: readonly string[],
): Promise<string | undefined> {
  await mkdir(folder, { recursive: true });
  const into = await realpath(folder);
  if (!bounds.some((bound) => isWithin(into, bound))) throw new Error(`${folder} leads to ${into}`);
  const { name, ext } = parse(file.path);
  for (let number = 0; number < mostNames; number++) {
    const target = join(into, number === 0 ? `${name}${ext}` : `${name}-${number}${ext}`);
    const placed = await place(file, target);
    if (placed === "taken") continue;
    if (placed === "changed") return undefined;
    await remove(file);
    return target;
  }
  throw new Error(`${folder} has ${mostNames} files of this name`);
}

type Placed = "placed" | "taken" | "changed";

async function place(file: FoundFile, target: string): Promise<Placed> {
  if (!(await isAsFound(file, file.real))) return "changed";
  try {
    await link(file.real, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A crash between the two steps of an earlier try leaves the file under both names.
    if (code === "EEXIST") return (await isAsFound(file, target)) ? "placed" : "taken";
    if (!isWithoutLinks(code)) throw error;
    return copy(file, target);
  }
  if (await isAsFound(file, target)) return "placed";
  await unlink(target);
  return "changed";
}

/** To another disk, or on one without hard links. */
async function copy(file: FoundFile, target: string): Promise<Placed> {
  const source = await openFound(file);
  if (source === undefined) return "changed";
  const part = join(dirname(target), `.${randomUUID()}.part`);
  try {
    const { mode } = await source.stat();
    const into = await open(part, "wx", mode);
    try {
      const buffer = Buffer.allocUnsafe(copyBytes);
      for (;;) {
        const { bytesRead } = await source.read(buffer, 0, copyBytes);
        if (bytesRead === 0) break;
        await into.appendFile(buffer.subarray(0, bytesRead));
      }
      const { atimeMs } = await source.stat();
      await into.utimes(atimeMs / 1_000, file.modifiedMs / 1_000);
      await into.sync();
    } finally {
      await into.close();
    }
    // A concurrent writer would write to the copy that is about to be removed.
    if (!(await isAsFound(file, file.real))) return "changed";
    return (await give(part, target)) ? "placed" : "taken";
  } finally {
    await source.close();
    await unlink(part).catch(() => undefined); // It was renamed, or is gone.
  }
}

/** False when the name is taken. */
async function give(part: string, target: string): Promise<boolean> {
  try {
    await link(part, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (!isWithoutLinks(code)) throw error;
  }
  if ((await lstat(target).catch(() => undefined)) !== undefined) return false;
  await rename(part, target);
  return true;
}

/** A replacement at the path is put back: only the file itself is removed. */
async function remove({ real, id }: FoundFile): Promise<void> {
  const aside = join(dirname(real), `.${randomUUID()}.moved`);
  try {
    await rename(real, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if ((await idOf(aside)) !== id) await link(aside, real);
  await unlink(aside);
}

/** Not written to since, and the same file. */
async function isAsFound({ id, size, modifiedMs }: FoundFile, path: string): Promise<boolean> {
  const stats = await lstat(path, { bigint: true }).catch(() => undefined);
  return (
    stats?.isFile() === true &&
    `${stats.dev}:${stats.ino}` === id &&
    Number(stats.size) === size &&
    Number(stats.mtimeMs) === modifiedMs
  );
}

async function idOf(path: string): Promise<string> {
  const { dev, ino } = await lstat(path, { bigint: true });
  return `${dev}:${ino}`;
}

function isWithoutLinks(code: string | undefined): boolean {
  return code === "EXDEV" || code === "EPERM" || code === "ENOTSUP" || code === "ENOSYS";
}
