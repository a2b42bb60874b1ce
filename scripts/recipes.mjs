// Writes dist/recipes.bin: the bundled recipes and the payloads that their tests send, as one file for the package.
// src/config/recipe/bundled.ts reads it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

export function writeRecipes(root) {
  const folder = `${root}recipes`;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(folder.length + 1).replaceAll("\\", "/"))
    .sort();
  const textsOf = (paths) =>
    Object.fromEntries(paths.map((path) => [path, readFileSync(`${folder}/${path}`, "utf8")]));
  writeFileSync(
    `${root}dist/recipes.bin`,
    packRecipes({
      recipes: textsOf(files.filter((path) => /^[^/]+\.yaml$/.test(path))),
      fixtures: textsOf(files.filter((path) => path.startsWith("fixtures/"))),
    }),
  );
}

/** A line of JSON with the length of each part, then the parts: JSON objects of texts by path, in Brotli. */
export function packRecipes({ recipes, fixtures }) {
  const parts = [compressed(recipes), compressed(fixtures)];
  const lengths = { recipes: parts[0].length, fixtures: parts[1].length };
  return Buffer.concat([Buffer.from(`${JSON.stringify(lengths)}\n`), ...parts]);
}

function compressed(texts) {
  const json = Buffer.from(JSON.stringify(texts));
  return brotliCompressSync(json, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: json.length,
    },
  });
}
