// Whether a path is in a folder, by the identity of the folders (device and inode) and not by their names:
// one folder may have several names, and some disks are case-insensitive.

import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";

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
