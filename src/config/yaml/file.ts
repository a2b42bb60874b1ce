// One parsed YAML file of a config: the config itself, or a recipe that it uses. Knows the location of
// everything in it.

import { isObject } from "../../json.ts";
import type { ParsedFile } from "../read.ts";
import { mayBeEmpty } from "../schema/core.ts";
import { type Mask, masksByKeyName } from "../variables/mask.ts";
import { createLocator, type Locator } from "./caret-location.ts";
import { type Path, pathKey } from "./problem.ts";
import { emptyTree, readTree, type Tree } from "./tree.ts";

export interface YamlFile {
  /** Absolute. */
  readonly file: string;
  readonly parsed: ParsedFile;
  readonly tree: Tree;
  readonly locator: Locator;
  /** Its lines, for frames. */
  readonly lines: readonly string[];
}

/** A value in the file, as a location to report. */
export interface FilePath {
  readonly yaml: YamlFile;
  /** Path in that file. */
  readonly path: Path;
}

export function openYaml(file: string, parsed: ParsedFile): YamlFile {
  const tree = readTreeOf(parsed);
  // `$${` inserts nothing, but it too moves every offset after it.
  const moved = new Set(tree.variables.map(({ path }) => pathKey(path)));
  const document = parsed.document ?? parsed.remains;
  return {
    file,
    parsed,
    tree,
    locator: createLocator(document, parsed.text, tree.aliases, (path) => moved.has(pathKey(path))),
    lines: parsed.text.split(/\r?\n/),
  };
}

/** The values of the file; an empty section or channel is an empty mapping. */
function readTreeOf({ document, text, lines }: ParsedFile): Tree {
  if (document === undefined) return emptyTree();
  const tree = readTree(document, text, lines);
  const { root } = tree;
  for (const key of mayBeEmpty) {
    if (root[key] === null) delete root[key];
  }
  const { channels } = root;
  if (isObject(channels)) {
    for (const [name, channel] of Object.entries(channels)) if (channel === null) channels[name] = {};
  }
  return tree;
}

/**
 * Secrets that are not in the tree: in broken YAML, and under the second of two equal keys. They are
 * recognised only by their keys.
 */
export function masksBesideTree({ parsed: { remains, document }, tree: { problems } }: YamlFile): Mask[] {
  if (remains !== undefined) return masksByKeyName(remains);
  const leftOut = problems.some(({ code }) => code === "E_CONFIG_DUPLICATE_KEY");
  return document !== undefined && leftOut ? masksByKeyName(document) : [];
}
