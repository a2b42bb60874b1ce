// How people are shown where a value came from.

import { isAbsolute, relative, sep } from "node:path";
import type { Origin } from "./taint.ts";

/** `${TOKEN}`, `${TOKEN} of .env`, `~/token`, `./token`; undefined for what was typed. */
export function originName(
  origin: Origin,
  place: { readonly folder: string; readonly home: string },
): string | undefined {
  switch (origin.kind) {
    case "env":
      return origin.layer === "project" ? `\${${origin.name}} of .env` : `\${${origin.name}}`;
    case "file":
      return fileName(origin.path, place);
    case "input":
    case "typed":
      return undefined;
  }
}

function fileName(
  path: string,
  { folder, home }: { readonly folder: string; readonly home: string },
): string {
  const inFolder = below(path, folder);
  if (inFolder !== undefined) return `./${inFolder}`;
  const inHome = below(path, home);
  return inHome === undefined ? path : `~/${inHome}`;
}

function below(path: string, folder: string): string | undefined {
  const way = relative(folder, path);
  return way === "" || way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : way;
}
