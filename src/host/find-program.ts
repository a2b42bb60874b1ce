// Which file a command would run. Only absolute entries of PATH count: the folder where a command happens to
// run may belong to anybody, and is not searched.

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";

export interface Search {
  /** PATH, as a variable of the environment has it. */
  readonly path: string;
  /** The base of a name with a slash. */
  readonly cwd: string;
}

/** Absolute; undefined when there is none. */
export function findProgram(name: string, { path, cwd }: Search): string | undefined {
  if (name === "") return undefined;
  if (name.includes("/")) {
    const file = resolve(cwd, name);
    return isProgram(file) ? file : undefined;
  }
  return entriesOf(path)
    .map((entry) => join(entry, name))
    .find(isProgram);
}

/** PATH without entries that are relative to the folder that a command runs in. */
export function absolutePath(path: string): string {
  return entriesOf(path).join(delimiter);
}

function entriesOf(path: string): string[] {
  return path.split(delimiter).filter(isAbsolute);
}

function isProgram(file: string): boolean {
  try {
    if (!statSync(file).isFile()) return false;
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
