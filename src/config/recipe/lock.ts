// Reads `channels.lock` beside the config: for each reference to a shared recipe the commit (or version) and the
// SHA-256 of each file, whose copies are in `.channels/recipes/`. A start reads only these; recipes/ writes them.

import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { isObject } from "../../json.ts";
import type { KeptTexts } from "../read.ts";
import { absent, readBounded } from "../yaml/bounded-file.ts";
import {
  candidatePaths,
  isCommitId,
  isPortablePath,
  parseShared,
  type SharedReference,
} from "./shared-reference.ts";

export const lockName = "channels.lock";
/** Below the config's folder. */
export const copiesFolder = ".channels/recipes";
/** The limit for a file of a shared recipe, as for any recipe. */
export const maxSharedFileBytes = 1024 * 1024;

export interface LockedRecipe {
  /** The path of the recipe in its repository or package. */
  readonly recipe: string;
  /** For git. */
  readonly commit?: string;
  /** The kind of the ref in the repository. */
  readonly ref?: RefKind;
  /** For npm. */
  readonly version?: string;
  readonly integrity?: string;
  /** SHA-256 by path. */
  readonly files: Readonly<Record<string, string>>;
}

export type RefKind = "tag" | "branch" | "commit";

/** By written reference. */
export type RecipeLock = ReadonlyMap<string, LockedRecipe>;

export interface LockFile {
  readonly path: string;
  /** `absent` if there is no lock. */
  readonly sha256: string;
  readonly text: string;
  readonly recipes: RecipeLock;
  /** Why it cannot be used; undefined for a missing lock. */
  readonly problem?: string;
}

const maxLockBytes = 1024 * 1024;
const version = 1;

/** Never throws. */
export function readLock(folder: string, kept?: KeptTexts): LockFile {
  const path = join(folder, lockName);
  const none = { path, text: "", recipes: new Map() };
  const before = kept?.get(path);
  const reading =
    before === undefined
      ? readBounded(path, maxLockBytes)
      : { ok: true as const, bytes: Buffer.from(before.text), sha256: before.sha256 };
  if (!reading.ok)
    return {
      ...none,
      sha256: absent,
      ...(reading.missing ? {} : { problem: `${lockName} ${reading.problem}` }),
    };
  const text = reading.bytes.toString("utf8");
  const found = { path, text, sha256: reading.sha256 };
  try {
    return { ...found, recipes: parseLock(text) };
  } catch (error) {
    return {
      ...found,
      recipes: new Map(),
      problem: `${lockName} cannot be used: ${(error as Error).message}`,
    };
  }
}

/** Throws an Error that says what is wrong. */
function parseLock(text: string): RecipeLock {
  if (/^(?:<{7}|>{7}) /m.test(text)) throw new Error("it contains merge conflict markers");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  if (!isObject(value) || !isObject(value.recipes)) throw new Error("it has no recipes");
  if (typeof value.version === "number" && value.version > version)
    throw new Error("it was written by a newer channel-router");
  if (value.version !== version) throw new Error("it has no version");
  return new Map(
    Object.entries(value.recipes).map(([reference, entry]) => {
      if (!isLocked(entry))
        throw new Error(`the entry of ${JSON.stringify(reference).slice(0, 200)} is not valid`);
      return [reference, entry];
    }),
  );
}

function isLocked(entry: unknown): entry is LockedRecipe {
  if (!isObject(entry) || !isObject(entry.files)) return false;
  const { recipe, commit, ref, version, integrity, files } = entry;
  const isGit =
    typeof commit === "string" && isCommitId(commit) && /^(?:tag|branch|commit)$/.test(String(ref));
  const isNpm =
    typeof version === "string" &&
    isPortablePath(version) &&
    typeof integrity === "string" &&
    /^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity);
  return (
    typeof recipe === "string" &&
    Object.hasOwn(files, recipe) &&
    isGit !== isNpm &&
    Object.entries(files).every(
      ([path, hash]) =>
        isPortablePath(path) &&
        isBeside(path, recipe) &&
        typeof hash === "string" &&
        /^[0-9a-f]{64}$/.test(hash),
    )
  );
}

function isBeside(path: string, recipe: string): boolean {
  const folder = dirname(recipe);
  return folder === "." || path.startsWith(`${folder}/`);
}

/** Sorted, with one value per line, so that equal locks are equal texts and diffs are easy to review. */
export function lockText(recipes: RecipeLock): string {
  const entries = [...recipes].sort(byKey).map(([reference, locked]) => {
    const { recipe, commit, ref, version: npmVersion, integrity, files } = locked;
    const of = commit === undefined ? { version: npmVersion, integrity } : { commit, ref };
    return [reference, { recipe, ...of, files: Object.fromEntries(Object.entries(files).sort(byKey)) }];
  });
  return `${JSON.stringify({ version, recipes: Object.fromEntries(entries) }, null, 2)}\n`;
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The folder of the copies of one version, relative to the config's, with `/`. */
export function copyFolder(reference: SharedReference, locked: LockedRecipe): string {
  return reference.from === "git"
    ? `${copiesFolder}/${reference.host}/${reference.repository}/${(locked.commit ?? "").slice(0, 12)}`
    : `${copiesFolder}/npm/${reference.package}/${locked.version ?? ""}`;
}

/** Whether an entry matches this reference, because an edited lock can contain anything. */
export function isEntryOf(reference: SharedReference, locked: LockedRecipe): boolean {
  if (!candidatePaths(reference.path).includes(locked.recipe)) return false;
  if (reference.from === "npm") return locked.version !== undefined && locked.version === reference.ref;
  if (locked.commit === undefined) return false;
  return !isCommitId(reference.ref ?? "") || (locked.commit === reference.ref && locked.ref === "commit");
}

/** The path of every copy in a lock, relative to the config's folder -> its SHA-256. */
export function lockedCopies(recipes: RecipeLock): Map<string, string> {
  const copies = new Map<string, string>();
  for (const [written, locked] of recipes) {
    const reference = parseShared(written);
    if (reference === undefined || "message" in reference) continue;
    const folder = copyFolder(reference, locked);
    for (const [path, sha256] of Object.entries(locked.files)) copies.set(`${folder}/${path}`, sha256);
  }
  return copies;
}

export interface CopyProblem {
  /** Relative to the config's folder. */
  readonly path: string;
  readonly problem: string;
}

/** How the copy of a file differs from the lock; undefined if it does not. */
export function copyProblem(folder: string, path: string, sha256: string): CopyProblem | undefined {
  const link = linkBelow(folder, path);
  if (link !== undefined) return { path, problem: `leads through a link: ${link}` };
  const reading = readBounded(join(folder, path), maxSharedFileBytes);
  if (!reading.ok) return { path, problem: reading.missing ? "is missing" : reading.problem };
  if (reading.sha256 === sha256) return undefined;
  return {
    path,
    problem: `was changed: its SHA-256 is ${short(reading.sha256)}, ${lockName} has ${short(sha256)}`,
  };
}

/** The first part of the path, with `/`, that is a link. */
export function linkBelow(folder: string, path: string): string | undefined {
  const names = path.split("/");
  return names
    .map((_, index) => names.slice(0, index + 1).join("/"))
    .find((part) => isLink(join(folder, part)));
}

/** False if the path cannot be examined: reading it will report why. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

export function short(hash: string): string {
  return `${hash.slice(0, 12)}…`;
}
