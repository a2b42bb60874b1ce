// Finds the files that match patterns now. Links are followed, but never out of the config's folder or of the
// folders that the user consented to; anything but a regular file is rejected.

import type { BigIntStats, Dirent } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import type { Bounds } from "../contract/capabilities.ts";
import { isWithin } from "../within.ts";
import { readingFailed } from "./log-once.ts";
import { type FilePattern, shownPath } from "./pattern.ts";
import { sensitivityOf } from "./secret-names.ts";

export interface FoundFile {
  /** Absolute, as the pattern reached it. */
  readonly path: string;
  /** Relative inside the config's folder, else absolute. */
  readonly shown: string;
  /** Without links; this path must be opened. */
  readonly real: string;
  /** Device and inode: the same file under another name keeps it. */
  readonly id: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** When anything about it was changed last, including its name. */
  readonly touchedMs: number;
  /** Index of the first pattern that it matches. */
  readonly pattern: number;
}

export interface Findings {
  /** By path. */
  readonly files: ReadonlyMap<string, FoundFile>;
  /** Matching files that are not read, by path, with the reason. */
  readonly refused: ReadonlyMap<string, string>;
  /** Folders that are not searched, by path, with the reason: links that lead out of bounds. */
  readonly elsewhere: ReadonlyMap<string, string>;
  /** The rejected files that only exceed the limit. */
  readonly beyond: readonly FoundFile[];
  /** In which a change may change the findings. */
  readonly folders: readonly string[];
}

export interface SearchOptions {
  readonly folder: string;
  readonly patterns: readonly FilePattern[];
  /** Of each pattern, on a path below its base, with slashes. */
  readonly matches: readonly ((below: string) => boolean)[];
  /** Beyond this number the most recently written ones are selected; the others are rejected. */
  readonly maxFiles: number;
  /** What the recipe of the source names; absent: everything. */
  readonly bounds?: Pick<Bounds, "file"> | undefined;
  /** Absolute: this folder and everything in it is excluded. */
  readonly without?: string | undefined;
}

/** Folders without logs but with thousands of files. */
const passedOver = new Set(["node_modules", ".git"]);
const maxFolders = 5_000;
const noLonger = new Set(["ENOENT", "ENOTDIR"]);

export interface Search {
  /** Rejects only because of a bug: unreadable files are among the rejected ones. */
  look(): Promise<Findings>;
  /**
   * The file that was once found at this path, when it has another name in the same folder now. The caller
   * keeps `seen` when it asks about many at once: each folder is read once.
   */
  renamed(path: string, id: string, seen?: SeenFolders): Promise<FoundFile | undefined>;
}

type FilesById = ReadonlyMap<string, { readonly real: string; readonly stats: BigIntStats }>;
export type SeenFolders = Map<string, Promise<FilesById>>;

/**
 * A wildcard or a link reached a file of credentials that the pattern does not name, so that consent does not
 * cover it.
 */
function isSecretByChance({ base, path }: FilePattern, reached: readonly string[]): boolean {
  const isSecret = (one: string) => sensitivityOf(one, { home: "" }) === "secret";
  return reached.some(isSecret) && !isSecret(path ?? join(base, "any.log"));
}

export function createSearch(options: SearchOptions): Search {
  return new FileSearch(options);
}

class FileSearch implements Search {
  readonly #options: SearchOptions;
  readonly #folder: SearchOptions["folder"];
  readonly #patterns: SearchOptions["patterns"];
  readonly #matches: SearchOptions["matches"];
  readonly #maxFiles: SearchOptions["maxFiles"];
  /** By path: files that were found to be within bounds, while they are the same file. */
  readonly #cleared = new Map<string, { readonly id: string; readonly real: string }>();

  constructor(options: SearchOptions) {
    this.#options = options;
    const { folder, patterns, matches, maxFiles } = options;
    this.#folder = folder;
    this.#patterns = patterns;
    this.#matches = matches;
    this.#maxFiles = maxFiles;
  }

  async look(): Promise<Findings> {
    const files = new Map<string, FoundFile>();
    const refused = new Map<string, string>();
    const elsewhere = new Map<string, string>();
    const folders = new Set<string>();
    let roots: Promise<readonly string[]> | undefined;
    let isCutOff = false;

    /** The target of the link is resolved again only when it leads to another file. */
    const clear = async (path: string, id: string): Promise<string | undefined> => {
      const known = this.#cleared.get(path);
      if (known?.id === id) return known.real;
      roots ??= rootsOf(this.#options);
      const real = await realpath(path);
      if (!(await roots).some((root) => isWithin(real, root))) {
        refused.set(path, leadsOut(real));
        return undefined;
      }
      const beyond = await this.#options.bounds?.file(real);
      if (beyond !== undefined) {
        refused.set(path, beyond);
        return undefined;
      }
      this.#cleared.set(path, { id, real });
      return real;
    };

    function refuse(path: string, error: unknown): void {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      if (!noLonger.has(code)) refused.set(path, readingFailed(error as NodeJS.ErrnoException));
    }

    const take = async (path: string, pattern: number): Promise<void> => {
      if (files.has(path)) return;
      try {
        const stats = await stat(path, { bigint: true });
        if (!stats.isFile()) {
          if (!stats.isDirectory()) refused.set(path, `is a ${kindOf(stats)}, not a file`);
          return;
        }
        const id = `${stats.dev}:${stats.ino}`;
        const real = await clear(path, id);
        if (real === undefined) return;
        if (isSecretByChance(this.#patterns[pattern] as FilePattern, [path, real])) {
          refused.set(path, "is a file of credentials by its name: it is read only where files names it");
          return;
        }
        // The target of a link grows elsewhere.
        if (real !== path) folders.add(dirname(real));
        files.set(path, this.#foundFile({ path, real, id, pattern }, stats));
      } catch (error) {
        refuse(path, error);
      }
    };

    const walk = async (index: number, at: string, below: string, level: number): Promise<void> => {
      const pattern = this.#patterns[index] as FilePattern;
      if (folders.size >= maxFolders) {
        if (!isCutOff) refused.set(at, `is one folder too many: at most ${maxFolders} are searched`);
        isCutOff = true;
        return;
      }
      folders.add(at);
      let entries: Dirent[];
      try {
        entries = await readdir(at, { withFileTypes: true });
      } catch (error) {
        refuse(at, error);
        return;
      }
      for (const entry of entries) {
        if (entry.name.startsWith(".") && !pattern.hidden) continue;
        const path = join(at, entry.name);
        const name = below + entry.name;
        if (!entry.isDirectory() && this.#matches[index]?.(name)) await take(path, index);
        const mayEnter =
          level < pattern.depth && !passedOver.has(entry.name) && path !== this.#options.without;
        if (mayEnter && (entry.isDirectory() || (await isLinkedFolder(entry, path))))
          await walk(index, path, `${name}/`, level + 1);
      }
    };

    /** A link to a folder that contains the link would loop. */
    const isLinkedFolder = async (entry: Dirent, path: string): Promise<boolean> => {
      if (!entry.isSymbolicLink()) return false;
      try {
        const real = await realpath(path);
        if (isWithin(dirname(path), real) || isWithin(await realpath(dirname(path)), real)) return false;
        if (!(await stat(real)).isDirectory()) return false;
        roots ??= rootsOf(this.#options);
        if ((await roots).some((root) => isWithin(real, root))) return true;
        elsewhere.set(path, leadsOut(real));
        return false;
      } catch {
        return false;
      }
    };

    for (const [index, { base, path }] of this.#patterns.entries()) {
      if (path === undefined) await walk(index, base, "", 1);
      else {
        folders.add(base);
        await take(path, index);
      }
    }
    for (const path of this.#cleared.keys()) if (!files.has(path)) this.#cleared.delete(path);
    const beyond = [...files.values()]
      .sort((a, b) => b.modifiedMs - a.modifiedMs || (a.path < b.path ? -1 : 1))
      .slice(this.#maxFiles);
    for (const { path } of beyond) {
      files.delete(path);
      refused.set(path, `is one file too many: the ${this.#maxFiles} that were written to last are read`);
    }
    return { files, refused, elsewhere, beyond, folders: [...folders] };
  }

  async renamed(path: string, id: string, seen: SeenFolders = new Map()): Promise<FoundFile | undefined> {
    const pattern = this.#patterns.findIndex((one, index) =>
      one.path === undefined
        ? isWithin(path, one.base) && this.#matches[index]?.(relative(one.base, path).replaceAll(sep, "/"))
        : one.path === path,
    );
    if (pattern < 0) return undefined;
    const folderOf = dirname(path);
    const inside = seen.get(folderOf) ?? this.#filesIn(folderOf);
    seen.set(folderOf, inside);
    const found = (await inside).get(id);
    if (found === undefined) return undefined;
    return this.#foundFile({ path, real: found.real, id, pattern }, found.stats);
  }

  #foundFile(
    where: Pick<FoundFile, "path" | "real" | "id" | "pattern">,
    { size, mtimeMs, ctimeMs }: BigIntStats,
  ): FoundFile {
    return {
      ...where,
      shown: shownPath(where.path, this.#folder),
      size: Number(size),
      modifiedMs: Number(mtimeMs),
      touchedMs: Number(ctimeMs),
    };
  }

  /** By device and inode; none when the folder is out of bounds or is gone. */
  async #filesIn(path: string): Promise<FilesById> {
    const files = new Map<string, { readonly real: string; readonly stats: BigIntStats }>();
    try {
      const at = await realpath(path);
      if (!(await rootsOf(this.#options)).some((root) => isWithin(at, root))) return files;
      for (const entry of await readdir(at, { withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const real = join(at, entry.name);
        const stats = await lstat(real, { bigint: true }).catch(() => undefined);
        if (stats?.isFile() === true) files.set(`${stats.dev}:${stats.ino}`, { real, stats });
      }
    } catch {
      // Removed in between: then it contains nothing.
    }
    return files;
  }
}

/**
 * What may be read: the config's folder, and the bases of patterns outside of it, to which the user
 * consented.
 */
async function rootsOf({ folder, patterns }: SearchOptions): Promise<readonly string[]> {
  const bases = patterns.map(({ base }) => base).filter((base) => !isWithin(base, folder));
  const roots = await Promise.all(
    [folder, ...new Set(bases)].map((root) => realpath(root).catch(() => undefined)),
  );
  return roots.filter((root) => root !== undefined);
}

function leadsOut(real: string): string {
  return `leads to ${real}, outside of the folders that this source may read`;
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFIFO()) return "pipe";
  if (stats.isSocket()) return "socket";
  return "device";
}
