// Opens a file that was found: only this one, not a replacement, and only if it is a regular file. And compares
// folders by device and inode, not by their names: one may have several, and some disks ignore case.

import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { FoundFile } from "./search.ts";

// A link in its place is not followed; a pipe does not block.
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Rejects with the system's error; ELOOP when the last part of the path is a link. */
export function openReading(real: string): Promise<FileHandle> {
  return open(real, flags);
}

/** Undefined when another file has replaced it. Rejects with the system's error. */
export async function openFound({
  real,
  id,
}: Pick<FoundFile, "real" | "id">): Promise<FileHandle | undefined> {
  const handle = await openReading(real);
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile() && `${stats.dev}:${stats.ino}` === id) return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** The parts of the path below the folder; undefined when it is outside, or the folder does not exist. */
export async function partsBelow(path: string, folder: string): Promise<readonly string[] | undefined> {
  const wanted = await identityOf(folder);
  if (wanted === undefined) return undefined;
  const parts: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    if ((await identityOf(at)) === wanted) return parts;
    if (dirname(at) === at) return undefined;
    parts.unshift(basename(at));
  }
}

/** Undefined for a missing path. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.dev}:${found.ino}`;
}

/** Whether both names lead to the same existing file or folder. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([identityOf(one), identityOf(other)]);
  return first !== undefined && first === second;
}
