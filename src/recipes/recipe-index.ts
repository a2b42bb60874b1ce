// `index.json`, the index of a catalogue: written by publish-check, read by search.

import type { Json } from "../contract.ts";
import { isObject } from "../json.ts";
import { parseVersion } from "../semver.ts";

export const indexName = "index.json";

export interface IndexEntry {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly description: string;
  /** Per event, the median of its tests; null if they deliver nothing. */
  readonly tokens: number | null;
  readonly status?: string;
  /** As the recipe declares them. */
  readonly capabilities: Json;
  /** Of the file. */
  readonly sha256: string;
  /** In the repository. */
  readonly path: string;
}

/** Sorted by name, with keys in a fixed order, so that a diff shows only changes. */
export function indexText(entries: readonly IndexEntry[]): string {
  const recipes = entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, version, title, description, tokens, status, capabilities, sha256, path }) => ({
      name,
      version,
      title,
      description,
      tokens,
      ...(status === undefined ? {} : { status }),
      capabilities,
      sha256,
      path,
    }));
  return `${JSON.stringify({ version: 1, recipes }, null, 2)}\n`;
}

/** The limit for recipes in a catalogue. */
const maxEntries = 5_000;

/** The valid entries of an untrusted index; undefined if the text is not an index. */
export function readIndex(text: string): IndexEntry[] | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(content) || content.version !== 1 || !Array.isArray(content.recipes)) return undefined;
  const known = new Set<unknown>();
  return content.recipes.slice(0, maxEntries).flatMap((one) => {
    if (!isObject(one) || known.has(one.name)) return [];
    const { name, version, title, description, tokens, status, capabilities, sha256, path } = one;
    if (typeof name !== "string" || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 100)
      return [];
    if (path !== `recipes/${name}.yaml`) return [];
    if (typeof version !== "string" || version.length > 40 || parseVersion(version) === undefined) return [];
    known.add(name);
    const text = (value: unknown, most: number) => (typeof value === "string" ? value.slice(0, most) : "");
    return [
      {
        name,
        version,
        title: text(title, 200),
        description: text(description, 600),
        tokens: Number.isSafeInteger(tokens) && (tokens as number) >= 0 ? (tokens as number) : null,
        ...(status === "unverified" ? { status } : {}),
        capabilities: (isObject(capabilities) ? capabilities : {}) as Json,
        sha256: text(sha256, 64),
        path,
      },
    ];
  });
}
