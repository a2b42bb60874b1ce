// Resolves a `recipe:` to a file: bundled, next to the config, in another checkout, or the pinned copy of a shared
// recipe. Never fetches anything.

import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { isWithin } from "../../within.ts";
import type { KeptTexts } from "../read.ts";
import { quoted } from "../yaml/problem.ts";
import { bundledPath, bundledRecipes, isBundled } from "./bundled.ts";
import { copyFolder, copyProblem, isEntryOf, type LockFile, lockName, readLock } from "./lock.ts";
import { parseShared, type SharedReference, writtenReference } from "./shared-reference.ts";

export type Reference =
  | {
      readonly file: string;
      /** For a shared recipe: the hash of the pinned content. */
      readonly sha256?: string;
      /** For a recipe outside the config's folder, which needs consent: its real path. */
      readonly outside?: string;
    }
  /** `file`: the missing path, if the file may be created later. */
  | {
      readonly message: string;
      readonly hint?: string | undefined;
      readonly file?: string;
      /** Default: `E_CONFIG_RECIPE`. */
      readonly code?: "E_CONFIG_LOCK";
    };

const bundledName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** `folder` is the config's. Checks which files exist, but does not read them. */
export function findRecipe(
  written: string,
  folder: string,
  kept?: KeptTexts,
  lock: () => LockFile = () => readLock(folder, kept),
): Reference {
  if (bundledName.test(written)) return findBundled(written, kept);
  const shared = parseShared(written);
  if (shared !== undefined) return "message" in shared ? shared : findPinned(shared, folder, lock(), kept);
  const scheme = /^(?:git\+)?([a-z][a-z0-9+.-]*):/i.exec(written)?.[0];
  if (scheme !== undefined && !/^[a-z]:[\\/]/i.test(written)) {
    return {
      message: `a recipe cannot be fetched from ${scheme}`,
      hint: "write github:OWNER/REPO/PATH@TAG, git+https://HOST/REPO//PATH@TAG, npm:PACKAGE/PATH@VERSION or ./FILE.yaml",
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
    hint: didYouMeanHint(name, bundledRecipes()) ?? "channel-router recipes list  shows them all",
  };
}

function findFile(written: string, folder: string, kept: KeptTexts | undefined): Reference {
  const file = resolve(folder, written);
  // A kept text is used wherever the file is now, and even if it is gone.
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
  if (isWithin(real, realpathSync(folder))) return { file };
  if (isWithin(file, folder))
    return {
      message: `the recipe ${quoted(written)} leads through a link to a path outside the config's folder`,
      hint: "copy the file into the folder of the config, or write its own path: ../OTHER/FILE.yaml",
    };
  return { file, outside: real };
}

/** The pinned copy. The caller compares it with the lock, because it reads the file anyway. */
function findPinned(
  reference: SharedReference,
  folder: string,
  lock: LockFile,
  kept: KeptTexts | undefined,
): Reference {
  const written = writtenReference(reference);
  const code = "E_CONFIG_LOCK";
  if (lock.problem !== undefined)
    return { code, message: lock.problem, hint: `restore ${lockName} from version control`, file: lock.path };
  const locked = lock.recipes.get(written);
  if (reference.ref === undefined || locked === undefined)
    return {
      code,
      message: `${quoted(written, 200)} is not in ${lockName}`,
      hint: `channel-router recipes add ${written}  pins it`,
      file: lock.path,
    };
  const restore = `channel-router recipes add ${written}  restores it`;
  if (!isEntryOf(reference, locked))
    return {
      code,
      message: `the entry of ${quoted(written, 200)} in ${lockName} does not match it`,
      hint: restore,
    };
  const path = `${copyFolder(reference, locked)}/${locked.recipe}`;
  const file = join(folder, path);
  const sha256 = locked.files[locked.recipe] as string;
  if (kept?.has(file)) return { file, sha256 };
  const wrong = copyProblem(folder, path, sha256);
  if (wrong === undefined) return { file, sha256 };
  return {
    code,
    message: `the copy of ${quoted(written, 200)} ${wrong.problem}: ${path}`,
    hint: `${restore}; to change a recipe, use override, or copy it to a file of your own`,
    file,
  };
}
