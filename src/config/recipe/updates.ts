// Which recipes of a config have a different version than before.

import type { LoadedConfig } from "../values.ts";

type Texts = Pick<LoadedConfig, "texts">;

/** `recipe ci-failed 1.0.0 -> 1.1.0`, by the file of the recipe. */
export function recipeUpdates(before: Texts, after: Texts): string[] {
  return [...after.texts].flatMap(([path, { text }]) => {
    const [then, now] = [versionOf(before.texts.get(path)?.text), versionOf(text)];
    const isUpdate = then !== undefined && now !== undefined && then.version !== now.version;
    return isUpdate ? [`recipe ${now.recipe} ${then.version} -> ${now.version}`] : [];
  });
}

/** Reads the two keys in the first column of a recipe's file, which has been checked before. */
function versionOf(text = ""): { readonly recipe: string; readonly version: string } | undefined {
  const [, recipe] = /^recipe: *["']?([\w-]+)/m.exec(text) ?? [];
  const [, version] = /^version: *["']?(\d+\.\d+\.\d+[\w.+-]*)/m.exec(text) ?? [];
  return recipe === undefined || version === undefined ? undefined : { recipe, version };
}
