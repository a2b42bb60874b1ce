// Paths as texts: which file one means, and whether it is inside of another. What links lead to is the caller's question.

import { isAbsolute, join, relative, resolve, sep } from "node:path";

/** The folder that relative paths begin in, and the one that `~` means: both absolute. */
export interface Folders {
  readonly folder: string;
  readonly home: string;
}

/** Expands `~` and `~/x` as a shell does. */
export function absolute(path: string, { folder, home }: Folders): string {
  const expanded = path === "~" ? home : path.startsWith("~/") ? join(home, path.slice(2)) : path;
  return resolve(folder, expanded);
}

/** Both absolute and, where it matters, without links. A folder contains itself. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}
