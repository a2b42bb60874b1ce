// Where the paths in a command line lead. A link in the project could lead out of it, to any file of the user,
// and its author can put one there at any time: what a command was allowed to read in the project is not
// consent to read elsewhere.

import { lstatSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Link } from "../contract/power.ts";
import { isWithin } from "../within.ts";

const maxMatches = 200;
/** As many as Linux follows. */
const maxHops = 40;

/**
 * Those of the paths that are in the project, by their own name or by the folder that they are in, and lead
 * out of it. `paths`: absolute; may have wildcards in their last part; need not exist.
 */
export function linksOut(paths: readonly string[], project: string): Link[] {
  const folders = new Map<string, string>();
  const endOfFolder = (folder: string): string => {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    const end = endOf(folder);
    folders.set(folder, end);
    return end;
  };

  function endOf(path: string, hops = 0): string {
    const parent = dirname(path);
    if (parent === path) return path;
    const there = join(endOfFolder(parent), basename(path));
    if (!isLink(path)) return there;
    try {
      return realpathSync(path);
    } catch {
      // It leads to a file that does not exist yet.
      const target = hops < maxHops ? readLink(path) : undefined;
      return target === undefined ? there : endOf(resolve(dirname(there), target), hops + 1);
    }
  }

  const isOfProject = (path: string): boolean =>
    isWithin(path, project) ||
    isWithin(endOfFolder(dirname(path)), project) ||
    (dirname(path) !== path && isOfProject(dirname(path)));

  return paths
    .flatMap(matching)
    .filter(isOfProject)
    .map((path) => ({ path, target: endOf(path) }))
    .filter(({ target }) => !isWithin(target, project));
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  } catch {
    return false; // A part of the path is not a folder, or is closed to this user: the command gets no further.
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // Removed meanwhile.
  }
}

/** The files that match a `*` or `?` in the last part of the path; else the path itself, whether it exists or not. */
export function matching(path: string): string[] {
  const pattern = basename(path);
  if (!/[*?]/.test(pattern)) return [path];
  try {
    const names = readdirSync(dirname(path)).filter((name) => matchesWildcards(name, pattern));
    return names.slice(0, maxMatches).map((name) => join(dirname(path), name));
  } catch {
    return [];
  }
}

/**
 * `*` matches any characters, `?` one. Each `*` takes as few as it can, and one more when the rest does not match: that is
 * the length of the name times that of the pattern at most, where a regular expression would try every way to share the name out.
 */
export function matchesWildcards(name: string, pattern: string): boolean {
  let [at, next] = [0, 0];
  let star = -1;
  let taken = 0;
  while (at < name.length) {
    if (pattern[next] === "*") {
      star = next++;
      taken = at;
    } else if (pattern[next] === "?" || (next < pattern.length && pattern[next] === name[at])) {
      at++;
      next++;
    } else if (star !== -1) {
      next = star + 1;
      at = ++taken;
    } else return false;
  }
  while (pattern[next] === "*") next++;
  return next === pattern.length;
}
