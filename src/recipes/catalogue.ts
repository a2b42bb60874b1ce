// Reads a catalogue: a repository with recipes/*.yaml and the index.json that publish-check writes. Only the index
// is fetched, and cached in the state root for an hour, or longer while the catalogue cannot be reached.

import { createHash } from "node:crypto";
import { isAbsolute, join, resolve } from "node:path";
import { expandHome, stateRoot } from "../config/paths.ts";
import { parseShared } from "../config/recipe/shared-reference.ts";
import { isRouterError, UsageError } from "../errors.ts";
import { readStateFile, writeStateFile } from "../files/state-file.ts";
import { isObject } from "../json.ts";
import { readRegular } from "../regular-file.ts";
import { openRepository } from "./git-repository.ts";
import { type IndexEntry, indexName, readIndex } from "./recipe-index.ts";

export interface Catalogue {
  /** As in the user's config. */
  readonly reference: string;
  readonly entries: readonly IndexEntry[];
  /** When the index was fetched, in milliseconds since the epoch. */
  readonly readMs: number;
  /** Why it could not be fetched now: the entries are from an earlier copy, or empty. */
  readonly problem?: string;
}

export interface CatalogueContext {
  readonly env: NodeJS.ProcessEnv;
  readonly nowMs: number;
  /** Uses only cached copies. */
  readonly offline: boolean;
}

const freshMs = 60 * 60_000;
const maxIndexBytes = 1024 * 1024;

/** What is not a catalogue, or cannot be fetched, says so in its problem, and no other suffers from it. */
export async function readCatalogue(written: string, context: CatalogueContext): Promise<Catalogue> {
  try {
    return await readAny(written, context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const hint = error.hint === undefined ? "" : `; ${error.hint}`;
    return { reference: written, entries: [], readMs: 0, problem: `${error.message}${hint}` };
  }
}

/** Throws a UsageError for what is not a catalogue. */
async function readAny(written: string, context: CatalogueContext): Promise<Catalogue> {
  const folder = folderOf(written, context.env);
  if (folder !== undefined) return readFolder(written, folder, context.nowMs);
  const reference = gitReference(written);
  const path = join(stateRoot(context.env), "catalogues", `${digest(written)}.json`);
  const copy = await readCopy(path, written);
  const isFresh = copy !== undefined && context.nowMs - copy.readMs < freshMs && copy.readMs <= context.nowMs;
  if (isFresh || context.offline)
    return (
      copy ?? {
        reference: written,
        entries: [],
        readMs: 0,
        problem: "no cached copy, and --offline is set",
      }
    );
  try {
    const text = await fetchIndex(reference, context.env);
    const entries = readIndex(text);
    if (entries === undefined) return failed(written, copy, `its ${indexName} is not a valid recipe index`);
    await writeStateFile(path, JSON.stringify({ reference: written, readMs: context.nowMs, text }));
    return { reference: written, entries, readMs: context.nowMs };
  } catch (error) {
    if (!isRouterError(error) || error instanceof UsageError) throw error;
    return failed(written, copy, error.message);
  }
}

/** The reference for `recipes add`. */
export function addReference(catalogue: string, { path }: IndexEntry, env: NodeJS.ProcessEnv): string {
  const folder = folderOf(catalogue, env);
  if (folder !== undefined) return join(folder, path);
  const { base, ref } = partsOf(catalogue);
  return `${base}${base.startsWith("github:") ? "/" : "//"}${path}${ref}`;
}

function folderOf(written: string, env: NodeJS.ProcessEnv): string | undefined {
  const path = expandHome(written, env);
  return isAbsolute(path) ? resolve(path) : undefined;
}

/** A local folder is not cached. */
async function readFolder(reference: string, folder: string, nowMs: number): Promise<Catalogue> {
  const path = join(folder, indexName);
  try {
    const bytes = await readRegular(path);
    const entries = bytes.length > maxIndexBytes ? undefined : readIndex(bytes.toString("utf8"));
    return entries === undefined
      ? { reference, entries: [], readMs: 0, problem: `${path} is not a valid recipe index` }
      : { reference, entries, readMs: nowMs };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "does not exist" : `cannot be read: ${code}`;
    return { reference, entries: [], readMs: 0, problem: `${path} ${why}` };
  }
}

function gitReference(written: string) {
  const { base, ref } = partsOf(written);
  const parsed = parseShared(`${base}${base.startsWith("github:") ? "/" : "//"}${indexName}${ref}`);
  if (parsed !== undefined && !("message" in parsed) && parsed.from === "git") return parsed;
  if (/^\.{0,2}\//.test(written))
    throw new UsageError("E_USAGE", "the path of a folder must begin with / or ~/");
  throw new UsageError("E_USAGE", "not a catalogue", {
    hint: "write github:OWNER/REPO or git+https://HOST/REPO, optionally with @TAG, or the path of a folder",
  });
}

/** A ref may contain `@` itself: `@ci@1.2.0`. */
function partsOf(written: string): { readonly base: string; readonly ref: string } {
  const at = written.indexOf("@");
  return at === -1 ? { base: written, ref: "" } : { base: written.slice(0, at), ref: written.slice(at) };
}

async function fetchIndex(
  reference: ReturnType<typeof gitReference>,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const repository = await openRepository(reference, { env });
  try {
    const found =
      reference.ref === undefined ? await repository.head() : await repository.resolve(reference.ref);
    if (found === undefined) return "";
    const commit = await repository.open(reference.ref ?? found.commit, found);
    return (await commit.read(indexName))?.toString("utf8") ?? "";
  } finally {
    await repository.close();
  }
}

function failed(reference: string, copy: Catalogue | undefined, problem: string): Catalogue {
  return { reference, entries: copy?.entries ?? [], readMs: copy?.readMs ?? 0, problem };
}

async function readCopy(path: string, reference: string): Promise<Catalogue | undefined> {
  const content = await readStateFile(path).catch(() => undefined);
  if (!isObject(content) || content.reference !== reference) return undefined;
  const entries = readIndex(String(content.text));
  return entries === undefined ? undefined : { reference, entries, readMs: Number(content.readMs) };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
