// Whether one path is inside of another, as text: what links lead to is the caller's question.

import { isAbsolute, relative, sep } from "node:path";

/** Both absolute and, where it matters, without links. A folder contains itself. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
}
