// Whether a path lies in a folder, by what the folders are (device and inode) and not by their names: one folder may have several names, and
// on some disks the case does not count.

import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";

/** The parts of the path below the folder; undefined where it does not lie in there, or the folder is not there. */
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

/** Undefined for what is not there. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.dev}:${found.ino}`;
}

/** Whether both names lead to one file or folder that is there. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([identityOf(one), identityOf(other)]);
  return first !== undefined && first === second;
}
