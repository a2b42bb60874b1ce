// Fetches one version of a shared recipe: its file, the payloads of its tests, and its snapshots. They are returned
// in memory with their hashes; copies.ts writes them.

import { basename, posix } from "node:path";
import { type LockedRecipe, maxSharedFileBytes } from "../config/recipe/lock.ts";
import {
  candidatePaths,
  type GitReference,
  isPortablePath,
  type NpmReference,
  type SharedReference,
  writtenReference,
} from "../config/recipe/shared-reference.ts";
import { testFiles } from "../config/recipe/test-files.ts";
import { sha256Of } from "../config/yaml/bounded-file.ts";
import { ConnectorError } from "../errors.ts";
import { openRepository } from "./git-repository.ts";
import { fetchPackage, packageVersions, type RunNpm } from "./npm-registry.ts";
import { unsafeRecipe } from "./problems.ts";
import { newerTag, newestTag } from "./versions.ts";

export interface FetchContext {
  readonly env: NodeJS.ProcessEnv;
  readonly npm: RunNpm;
  readonly signal?: AbortSignal | undefined;
}

export interface FetchedRecipe {
  /** Includes the version that was fetched. */
  readonly reference: SharedReference;
  readonly locked: LockedRecipe;
  /** By path in the repository or the package. */
  readonly files: ReadonlyMap<string, Buffer>;
}

const maxFiles = 200;
const maxBytes = 8 * 1024 * 1024;

/** Undefined if the file does not exist. */
type ReadFile = (path: string) => Promise<Buffer | undefined>;

/**
 * `pinned`: its entry in the lock, if any; a tag that has moved since is an error. Rejects with a ConnectorError.
 */
export function fetchRecipe(
  reference: SharedReference,
  pinned: LockedRecipe | undefined,
  context: FetchContext,
): Promise<FetchedRecipe> {
  return reference.from === "git"
    ? fetchFromGit(reference, pinned, context)
    : fetchFromNpm(reference, pinned, context);
}

async function fetchFromGit(
  reference: GitReference,
  pinned: LockedRecipe | undefined,
  context: FetchContext,
): Promise<FetchedRecipe> {
  const repository = await openRepository(reference, context);
  try {
    const ref = reference.ref ?? newestTag(await repository.tags(), nameOf(reference));
    if (ref === undefined)
      throw new ConnectorError("E_RECIPE_FETCH", `${reference.url} has no tag with a version`, {
        hint: `name a tag, a branch or a commit: ${reference.base}@REF`,
      });
    const found = await repository.resolve(ref);
    if (found === undefined)
      throw new ConnectorError("E_RECIPE_FETCH", `${reference.url} has no tag or branch ${ref}`, {
        hint: "a commit needs its full id; a private repository needs your own credentials for git",
      });
    const exact = { ...reference, ref };
    if (pinned !== undefined) checkMoved(exact, pinned, found);
    const commit = await repository.open(ref, found);
    const { recipe, files } = await collect(exact, (path) => commit.read(path));
    const locked = { recipe, commit: found.commit, ref: found.kind, files: hashesOf(files) };
    return { reference: exact, locked, files };
  } finally {
    await repository.close();
  }
}

/** A branch is expected to move; a tag or a commit id is not. */
export function checkMoved(
  reference: GitReference,
  pinned: LockedRecipe,
  found: { readonly kind: string; readonly commit: string },
): void {
  if (pinned.commit === found.commit || (pinned.ref === "branch" && found.kind === "branch")) return;
  throw new ConnectorError(
    "E_RECIPE_MOVED",
    `the ${pinned.ref} ${reference.ref} of ${reference.url} has moved: channels.lock has commit ${pinned.commit}, and it now names ${found.commit}`,
    {
      hint: `ask its author why. To use the new commit: channel-router recipes update ${writtenReference(reference)} ${found.commit}`,
    },
  );
}

async function fetchFromNpm(
  reference: NpmReference,
  pinned: LockedRecipe | undefined,
  { npm }: FetchContext,
): Promise<FetchedRecipe> {
  const version = reference.ref ?? (await newestVersion(reference, npm));
  const fetched = await fetchPackage(reference.package, version, npm);
  if (pinned !== undefined && pinned.integrity !== fetched.integrity)
    throw new ConnectorError(
      "E_RECIPE_MOVED",
      `${reference.package}@${version} has changed: channels.lock has ${pinned.integrity}, and the registry has ${fetched.integrity}`,
      { hint: "a published version must not change: ask its author, or the operator of the registry" },
    );
  const exact = { ...reference, ref: version };
  const { recipe, files } = await collect(exact, async (path) => fetched.tarball.read(path));
  const { integrity } = fetched;
  return { reference: exact, locked: { recipe, version, integrity, files: hashesOf(files) }, files };
}

async function newestVersion(reference: NpmReference, npm: RunNpm): Promise<string> {
  const newest = newestTag(await packageVersions(reference.package, npm), nameOf(reference));
  if (newest !== undefined) return newest;
  throw new ConnectorError("E_RECIPE_FETCH", `${reference.package} has no released version`, {
    hint: `name one: ${reference.base}@VERSION`,
  });
}

function nameOf({ path }: SharedReference): string {
  return basename(path).replace(/\.ya?ml$/, "");
}

async function collect(
  reference: SharedReference,
  read: ReadFile,
): Promise<{ readonly recipe: string; readonly files: Map<string, Buffer> }> {
  const files = new Map<string, Buffer>();
  let bytes = 0;
  const take = async (path: string): Promise<boolean> => {
    if (files.has(path)) return true;
    if (!isPortablePath(path))
      throw unsafeRecipe(`${JSON.stringify(path.slice(0, 200))} is not a portable path`);
    const content = await read(path);
    if (content === undefined) return false;
    if (content.length > maxSharedFileBytes)
      throw unsafeRecipe(`${path} is larger than ${maxSharedFileBytes / 1024} KiB`);
    bytes += content.length;
    files.set(path, content);
    if (files.size > maxFiles) throw unsafeRecipe(`it has more than ${maxFiles} files`);
    if (bytes > maxBytes) throw unsafeRecipe(`its files exceed ${maxBytes / 1024 ** 2} MiB`);
    return true;
  };
  for (const recipe of candidatePaths(reference.path)) {
    if (!(await take(recipe))) continue;
    const folder = posix.dirname(recipe);
    const text = (files.get(recipe) as Buffer).toString("utf8");
    for (const named of await testFiles(recipe, text)) {
      const path = folder === "." ? named : `${folder}/${named}`;
      if (!(await take(path))) throw unsafeRecipe(`its tests need ${path}, which does not exist`);
    }
    const snapshots = `__snapshots__/${basename(recipe).replace(/\.ya?ml$/, "")}.json`;
    await take(folder === "." ? snapshots : `${folder}/${snapshots}`);
    return { recipe, files };
  }
  throw new ConnectorError("E_RECIPE_FETCH", `${writtenReference(reference)} has no file ${reference.path}`, {
    hint: "name the file by its path from the top of the repository or package",
  });
}

function hashesOf(files: ReadonlyMap<string, Buffer>): Record<string, string> {
  return Object.fromEntries([...files].map(([path, bytes]) => [path, sha256Of(bytes)]));
}

/** A newer version than the pinned one: a tag, a version of a package, or the commit of a branch. */
export interface NewerVersion {
  /** What to write after `@`. */
  readonly ref: string;
  /** Set for a branch that has moved. */
  readonly commit?: string;
}

/** Undefined if there is none. Rejects with E_RECIPE_MOVED if the pinned tag has moved. */
export async function findNewer(
  reference: SharedReference,
  pinned: LockedRecipe,
  context: FetchContext,
): Promise<NewerVersion | undefined> {
  const { ref } = reference;
  if (ref === undefined || pinned.ref === "commit") return undefined;
  if (reference.from === "npm") {
    const newer = newerTag(ref, await packageVersions(reference.package, context.npm));
    return newer === undefined ? undefined : { ref: newer };
  }
  const repository = await openRepository(reference, context);
  try {
    const found = await repository.resolve(ref);
    if (found === undefined)
      throw new ConnectorError("E_RECIPE_MOVED", `the ${pinned.ref} ${ref} of ${reference.url} is gone`, {
        hint: `ask its author why; channels.lock has commit ${pinned.commit}, which stays in use`,
      });
    checkMoved(reference, pinned, found);
    if (pinned.ref === "branch" && found.commit !== pinned.commit) return { ref, commit: found.commit };
    const newer = newerTag(ref, await repository.tags());
    return newer === undefined ? undefined : { ref: newer };
  } finally {
    await repository.close();
  }
}
