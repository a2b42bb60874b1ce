// The display name of the origin of a value.

import { relative } from "node:path";
import { isWithin } from "../../within.ts";
import { realPath } from "../paths.ts";
import type { Origin } from "./taint.ts";

/**
 * `${TOKEN}`, `${TOKEN} of .env`, `${TOKEN} of .env, a link to ~/x`, `~/token`, `./token`,
 * `./token, a link to ~/x`; undefined for a typed value.
 */
export function originName(
  origin: Origin,
  folders: { readonly folder: string; readonly home: string },
): string | undefined {
  switch (origin.kind) {
    case "env":
      return `\${${origin.name}}${ofLayer[origin.layer]}${linkNote(origin.linkedTo, folders)}`;
    case "file":
      return linkedName(origin, folders);
    case "input":
    case "typed":
      return undefined;
  }
}

const ofLayer = {
  process: "",
  state: "",
  settings: ", set by this project's .claude or .mcp.json",
  project: " of .env",
} as const;

/** A link that leads out of the folder is shown with its target: that is what would be sent. */
function linkedName(
  { path, realPath: target }: Extract<Origin, { readonly kind: "file" }>,
  folders: { readonly folder: string; readonly home: string },
): string {
  const name = fileName(path, folders);
  const folder = realPath(folders.folder);
  const isThere = below(path, folders.folder) === undefined || below(target, folder) !== undefined;
  return isThere ? name : `${name}${linkNote(target, folders)}`;
}

/** `target`: a real path. */
function linkNote(
  target: string | undefined,
  folders: { readonly folder: string; readonly home: string },
): string {
  if (target === undefined) return "";
  const real = { folder: realPath(folders.folder), home: realPath(folders.home) };
  return `, a link to ${fileName(target, real)}`;
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
  return path !== folder && isWithin(path, folder) ? relative(folder, path) : undefined;
}
