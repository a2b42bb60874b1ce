// Which locations the author of a repository could have filled: the project of this process, and every other
// repository. A file or folder in one of them was not chosen by the user, regardless of who names it. Looks at the file
// system, never creates.

import { realpathSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type EnvironmentVariables, setVariable } from "./paths.ts";

export interface Project {
  /** True for a path in the project or in any repository, however it is reached, whether it exists or not. */
  contains(path: string): boolean;
}

interface Inode {
  readonly dev: number;
  readonly ino: number;
}

/** Entries that mark the root of a repository. */
const repositoryMarks = [".git", ".hg", ".jj", ".svn"];

/**
 * `more`: further folders of the project that the caller knows. `home`: default: the system's record of this
 * user.
 */
export function openProject(
  env: EnvironmentVariables,
  cwd: string,
  {
    more = [],
    home = systemHome(),
  }: { readonly more?: readonly string[]; readonly home?: string | undefined } = {},
): Project {
  const ownHome = home === undefined ? undefined : inodeOf(home);
  // The user's home, and the folders above it, are not a project: a session that is started there has none.
  const aboveHome =
    home === undefined ? [] : upwards(realOf(home)).flatMap((folder) => inodeOf(folder) ?? []);
  const named = setVariable(env, "CLAUDE_PROJECT_DIR");
  const folders = [cwd, ...(named === undefined ? [] : [resolve(cwd, named)]), ...more]
    .flatMap((folder) => inodeOf(folder) ?? [])
    .filter((folder) => !aboveHome.some((above) => isSame(above, folder)));
  return {
    contains(path) {
      const absolute = resolve(cwd, path);
      // Both the written path and its target: a link in the project leads where its author wants.
      return [absolute, realOf(absolute)].some((one) => {
        for (const folder of upwards(one)) {
          const inode = inodeOf(folder);
          if (inode === undefined) continue;
          if (folders.some((known) => isSame(known, inode))) return true;
          if (ownHome !== undefined && isSame(ownHome, inode)) return false;
          if (isRepository(folder)) return true;
        }
        return false;
      });
    },
  };
}

/** The home folder of this user by the system's own records, whatever the environment says. */
export function systemHome(): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return undefined; // A user id without a system record, as in some containers.
  }
}

function isRepository(folder: string): boolean {
  return repositoryMarks.some((mark) => inodeOf(join(folder, mark)) !== undefined);
}

function isSame(one: Inode, other: Inode): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** By number, not by name: names differ in case, and by mounts. */
function inodeOf(path: string): Inode | undefined {
  try {
    const { dev, ino } = statSync(path);
    return { dev, ino };
  } catch {
    return undefined;
  }
}

/** The real path of the existing part, followed by the rest of the path. */
function realOf(path: string): string {
  for (const folder of upwards(path)) {
    try {
      return join(realpathSync.native(folder), path.slice(folder.length));
    } catch {
      // Does not exist yet: its folder may.
    }
  }
  return path;
}

/** The path itself, its folder, and so on to the root. */
function upwards(path: string): string[] {
  const all = [path];
  for (let next = dirname(path); next !== all.at(-1); next = dirname(next)) all.push(next);
  return all;
}
