// Which recipes of a config have a different version than before.

import type { LoadedConfig } from "../values.ts";

type Texts = Pick<LoadedConfig, "texts">;

/** `recipe ci-failed 1.0.0 -> 1.1.0`, by the file of the recipe; each version of a shared one has a file of its own. */
export function recipeUpdates(before: Texts, after: Texts): string[] {
  const gone = [...before.texts].filter(([path]) => !after.texts.has(path));
  return [...after.texts].flatMap(([path, { text }]) => {
    const now = versionOf(text);
    const moved = gone.filter(([, earlier]) => versionOf(earlier.text)?.recipe === now?.recipe);
    const earlier = before.texts.get(path) ?? (moved.length === 1 ? moved[0]?.[1] : undefined);
    const then = versionOf(earlier?.text);
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
