// Resolves a `recipe:` to a file: a bundled one, or one next to the config. A file outside the config's
// folder is rejected, also when only a link leads there: sharing a config shares everything it runs.

import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { isWithin } from "../../within.ts";
import type { KeptTexts } from "../read.ts";
import { quoted } from "../yaml/problem.ts";
import { bundledPath, bundledRecipes, isBundled } from "./bundled.ts";

export type Reference =
  | { readonly file: string }
  /** `file`: the path that was checked, when the file may appear there later. */
  | { readonly message: string; readonly hint?: string | undefined; readonly file?: string };

const bundledName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** `folder` is the config's. Looks at the disk, reads nothing. */
export function findRecipe(written: string, folder: string, kept?: KeptTexts): Reference {
  if (bundledName.test(written)) return findBundled(written, kept);
  const scheme = /^(?:git\+)?([a-z][a-z0-9+.-]*):/i.exec(written)?.[0];
  if (scheme !== undefined && !/^[a-z]:[\\/]/i.test(written)) {
    return {
      message: `a recipe cannot be fetched from ${scheme}`,
      hint: "put the file next to this one and write ./FILE.yaml; bundled recipes are used by name",
    };
  }
  if (!/^\.\.?\//.test(written)) {
    return {
      message: `${quoted(written)} is neither the name of a bundled recipe nor a file`,
      hint: /\.ya?ml$/.test(written)
        ? `write ./${written.replace(/^\/+/, "")}`
        : (didYouMeanHint(written, bundledRecipes()) ?? "write a file as ./FILE.yaml"),
    };
  }
  return findFile(written, folder, kept);
}

function findBundled(name: string, kept: KeptTexts | undefined): Reference {
  const file = bundledPath(name);
  if (isBundled(name) || kept?.has(file)) return { file };
  return {
    message: `no bundled recipe is called ${quoted(name)}`,
    hint: didYouMeanHint(name, bundledRecipes()) ?? "channel-router recipes list  shows all of them",
  };
}

function findFile(written: string, folder: string, kept: KeptTexts | undefined): Reference {
  const file = resolve(folder, written);
  // Where it is now, or whether it is, does not matter: its text is the one that was kept.
  if (kept?.has(file)) return { file };
  let real: string;
  try {
    real = realpathSync(file);
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
    return {
      message: `the recipe ${quoted(written)} ${isAbsent ? "does not exist" : "cannot be read"}`,
      file,
    };
  }
  if (!isWithin(real, realpathSync(folder))) {
    const leads = isWithin(file, folder) ? "leads through a link to a path" : "is";
    return {
      message: `the recipe ${quoted(written)} ${leads} outside the config's folder`,
      hint: "copy the file into the folder of the config, or below it",
    };
  }
  return { file };
}
