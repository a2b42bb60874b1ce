// The file that has the bundled recipes in the package. That an installed package reads it: test/install.test.ts.

import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { packRecipes } from "../../scripts/recipes.mjs";
import {
  bundledPath,
  bundledRecipes,
  isBundled,
  packedRecipe,
  unpackRecipes,
} from "../../src/config/recipe/bundled.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("every text comes out as it went in", () => {
  const texts = fc.dictionary(fc.string(), fc.string({ unit: "grapheme", maxLength: 200 }));
  fc.assert(
    fc.property(texts, texts, (recipes, fixtures) => {
      const unpacked = unpackRecipes(packRecipes({ recipes, fixtures }));
      expect({ ...unpacked.recipes }).toEqual({ ...recipes });
      expect({ ...unpacked.fixtures() }).toEqual({ ...fixtures });
    }),
  );
});

test("the digest of the file changes with each text", () => {
  const digest = (text: string) =>
    unpackRecipes(packRecipes({ recipes: { "a.yaml": text }, fixtures: {} })).sha256;
  expect(digest("recipe: a")).not.toBe(digest("recipe: b"));
  expect(digest("recipe: a")).toBe(digest("recipe: a"));
});

test("a checkout reads its own files, which have the paths that messages show", () => {
  expect(bundledRecipes()).toContain("github-ci-failed");
  const path = bundledPath("github-ci-failed");
  expect(relative(root, path).replaceAll("\\", "/")).toBe("recipes/github-ci-failed.yaml");
  expect(existsSync(path)).toBe(true);
  expect(readFileSync(path, "utf8")).toContain("recipe: github-ci-failed");
  expect(packedRecipe(path)).toBeUndefined();
  expect(isBundled("github-ci-failed")).toBe(true);
  expect(isBundled("github-ci-faild")).toBe(false);
});
