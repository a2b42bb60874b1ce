// The bundled recipes and the payloads of their tests. A checkout has them as files in `recipes/`; the package has
// them in one file, `dist/recipes.bin`, under the same paths.

import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { readRegularSync } from "../../regular-file.ts";
import { type FileResult, sha256Of } from "../yaml/bounded-file.ts";

/** The names of the bundled recipes, sorted. */
export function bundledRecipes(): string[] {
  const packed = openPacked();
  const names = packed === undefined ? readdirSync(bundledFolder()) : Object.keys(packed.recipes);
  return names
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.slice(0, -".yaml".length))
    .sort();
}

export function isBundled(name: string): boolean {
  const file = bundledPath(name);
  return packedRecipe(file) !== undefined || existsSync(file);
}

/** Its path in a checkout, which messages use everywhere. */
export function bundledPath(name: string): string {
  return join(bundledFolder(), `${name}.yaml`);
}

/** The content of a recipe in the packed file; undefined for any other path. */
export function packedRecipe(file: string): (FileResult & { readonly ok: true }) | undefined {
  if (dirname(file) !== bundledFolder()) return undefined;
  const text = textIn(openPacked()?.recipes, basename(file));
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text);
  return { ok: true, bytes, sha256: sha256Of(bytes) };
}

/** The packed file, if this path is in it: that is the file to watch. */
export function packedFile(file: string): { readonly path: string; readonly sha256: string } | undefined {
  const packed = packedRecipe(file) === undefined ? undefined : openPacked();
  return packed && { path: packedPath(), sha256: packed.sha256 };
}

/** The payload of a test of a bundled recipe, by its path below `recipes/`. */
export function packedFixture(path: string): string | undefined {
  return textIn(openPacked()?.fixtures(), path);
}

export function bundledFolder(): string {
  return join(packageFolder(), "recipes");
}

let known: string | undefined;

/** The folder of the package's own package.json, wherever this code was bundled to. */
export function packageFolder(): string {
  if (known !== undefined) return known;
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    if (dirname(folder) === folder) throw new Error("the package of this program was not found");
    folder = dirname(folder);
  }
  known = folder;
  return known;
}

type Texts = Readonly<Record<string, string>>;

interface PackedRecipes {
  readonly sha256: string;
  readonly recipes: Texts;
  /** Decompressed on demand, because they are large and only tests need them. */
  fixtures(): Texts;
}

/**
 * Reads what `scripts/recipes.mjs` writes: a line of JSON with the length of each part, then the parts. A part
 * is a JSON object of texts by path, compressed with Brotli.
 */
export function unpackRecipes(bytes: Buffer): PackedRecipes {
  const end = bytes.indexOf("\n");
  const lengths = JSON.parse(bytes.toString("utf8", 0, end)) as Record<"recipes" | "fixtures", number>;
  const middle = end + 1 + lengths.recipes;
  const part = (from: number, to: number) =>
    JSON.parse(brotliDecompressSync(bytes.subarray(from, to)).toString("utf8")) as Texts;
  let fixtures: Texts | undefined;
  return {
    sha256: sha256Of(bytes),
    recipes: part(end + 1, middle),
    fixtures() {
      fixtures ??= part(middle, middle + lengths.fixtures);
      return fixtures;
    },
  };
}

let opened: { readonly version: string; readonly packed: PackedRecipes } | undefined;

/** Undefined in a checkout, where the files are used: its packed file may be from an earlier build. */
function openPacked(): PackedRecipes | undefined {
  if (existsSync(bundledFolder()) || !existsSync(packedPath())) return undefined;
  // An update of the package replaces the file while a router runs.
  const { mtimeMs, size, ino } = statSync(packedPath());
  const version = [mtimeMs, size, ino].join();
  if (opened?.version !== version) opened = { version, packed: unpackRecipes(readRegularSync(packedPath())) };
  return opened.packed;
}

function packedPath(): string {
  return join(packageFolder(), "dist", "recipes.bin");
}

function textIn(texts: Texts | undefined, path: string): string | undefined {
  return texts !== undefined && Object.hasOwn(texts, path) ? texts[path] : undefined;
}
