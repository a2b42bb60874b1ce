// Reports that one of a few files may have changed, in whatever way: written in place, renamed over
// (editors), or reached by a link that now leads elsewhere (Kubernetes). Watches folders, because a replaced
// file takes its watch with it, and polls from time to time, because not every file system reports changes:
// every second where one is known not to. The caller checks whether the content differs.

import { lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, parse, resolve, sep } from "node:path";
import type { Clock } from "../contract.ts";
import { type FolderWatch, watchFolders } from "../files/folder-watch.ts";

export interface FileWatch {
  /** Watches these files from now on, absolute. They need not exist, nor do their folders. */
  watch(paths: readonly string[]): void;
  close(): void;
}

export interface FileWatchOptions {
  readonly clock: Clock;
  /** Called after the last of a burst of changes. */
  onChange(): void;
  /** How long there must have been no change. Default 200. */
  readonly debounceMs?: number;
  /** A burst that does not end is reported after this time. Default 1,000. */
  readonly maxDelayMs?: number;
  /** What reports changes in folders. Default `watchFolders`. */
  readonly reports?: (onChange: Parameters<typeof watchFolders>[0]) => FolderWatch;
}

const maxLinks = 40;
/** Between polls of the files themselves. */
const lookMs = 10_000;
/** Where a folder is not watched, or a change was found without a report. */
const deafLookMs = 1_000;

export function watchFiles(options: FileWatchOptions): FileWatch {
  const { clock, onChange, debounceMs = 200, maxDelayMs = 1_000, reports = watchFolders } = options;
  const folders = reports((folder, name) => {
    // A folder's own name: the folder itself was moved or removed.
    if (name !== undefined && name !== basename(folder) && !names.get(folder)?.has(name)) return;
    isReported = true;
    noticed();
  });
  let paths: readonly string[] = [];
  /** The names that matter, by folder. */
  let names = new Map<string, Set<string>>();
  let marks = "";
  /** A report arrived since the last poll started. */
  let isReported = false;
  /** The last poll found a change that had not been reported. */
  let isSuspect = false;
  let isDeaf = false;
  let burstSinceMs: number | undefined;
  let cancelReport = (): void => {};
  let cancelLook = (): void => {};
  let isClosed = false;

  function follow(): void {
    names = foldersOf(paths);
    folders.watch([...names.keys()]);
  }

  function noticed(): void {
    if (isClosed) return;
    burstSinceMs ??= clock.now();
    const leftMs = burstSinceMs + maxDelayMs - clock.now();
    cancelReport();
    cancelReport = clock.after(Math.max(0, Math.min(debounceMs, leftMs)), () => {
      burstSinceMs = undefined;
      isDeaf ||= isSuspect && !isReported;
      isSuspect = false;
      follow();
      onChange();
    });
  }

  async function look(): Promise<void> {
    const looked = paths;
    const wasReported = isReported;
    const wasWhole = folders.isWhole();
    isReported = false;
    // A folder may have been replaced.
    folders.watch([...names.keys()]);
    const found = (await Promise.all(looked.map(markOf))).join();
    if (isClosed) return;
    if (looked === paths) {
      if (marks !== found) {
        isSuspect = wasWhole && !wasReported;
        noticed();
      }
      marks = found;
    }
    cancelLook = clock.after(folders.isWhole() && !isDeaf ? lookMs : deafLookMs, () => void look());
  }

  return {
    watch(next) {
      const wanted = [...new Set(next)].sort();
      if (wanted.join("\0") === paths.join("\0")) return follow();
      paths = wanted;
      // Before anything else can run: everything that happens from now on is a change.
      marks = wanted.map(markNow).join();
      follow();
      cancelLook();
      void look();
    },
    close() {
      isClosed = true;
      cancelReport();
      cancelLook();
      folders.close();
    },
  };
}

function markOf(path: string): Promise<string> {
  return stat(path).then(describe, () => absent);
}

function markNow(path: string): string {
  try {
    return describe(statSync(path));
  } catch {
    return absent;
  }
}

const absent = "absent";

function describe({ mtimeMs, size, ino }: Stats): string {
  return `${mtimeMs}/${size}/${ino}`;
}

/** Every folder in which renaming can change the target of one of the paths. */
function foldersOf(paths: readonly string[]): Map<string, Set<string>> {
  const places = new Map<string, Set<string>>();
  for (const path of paths) {
    let links = 0;
    const open = [path];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { root } = parse(next);
      let folder = root;
      const parts = next.slice(root.length).split(sep);
      for (const [index, part] of parts.entries()) {
        const here = join(folder, part);
        const kind = kindOf(here);
        const isLast = index === parts.length - 1;
        if (isLast || kind !== "folder") {
          const known = places.get(folder) ?? new Set();
          places.set(folder, known.add(basename(here)));
        }
        if (kind === "absent") break;
        if (kind === "link" && links < maxLinks) {
          links += 1;
          const target = readlinkSync(here);
          const reached = isAbsolute(target) ? target : resolve(dirname(here), target);
          open.push(join(reached, ...parts.slice(index + 1)));
          break;
        }
        folder = here;
      }
    }
  }
  return places;
}

function kindOf(path: string): "absent" | "folder" | "link" | "other" {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return "absent";
  return found.isSymbolicLink() ? "link" : found.isDirectory() ? "folder" : "other";
}
