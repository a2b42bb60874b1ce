// Change reports of folders, by chokidar. One watcher per folder for the whole process, however many
// subscribe: two hundred tails of one folder cost as much as one. Only a hint: not every file system reports
// changes, and not every folder can be watched.

import { stat, statfs } from "node:fs/promises";
import { basename } from "node:path";
import type { FSWatcher } from "chokidar";

/** `name`: of the changed entry, when the system reports it. */
export type Listener = (folder: string, name: string | undefined) => void;

interface Reported {
  readonly listeners: Set<Listener>;
  /** Device and inode of the watched folder: another one may have replaced it by now. */
  id: string | undefined;
  watcher: FSWatcher | undefined;
  isTelling: boolean;
  checkedMs: number;
}

/** How often, at most, a path is checked for a replaced folder, for all subscribers together. */
const checkMs = 1_000;

const reported = new Map<string, Reported>();

/**
 * Must be called again now and then, at least once after the folder was replaced: from then on the new one is
 * reported. It may be missing.
 */
export function listenTo(folder: string, listener: Listener): void {
  const one = reported.get(folder) ?? {
    listeners: new Set(),
    id: undefined,
    watcher: undefined,
    isTelling: false,
    checkedMs: Number.NEGATIVE_INFINITY,
  };
  reported.set(folder, one);
  one.listeners.add(listener);
  void check(folder, one);
}

export function unsubscribe(folder: string, listener: Listener): void {
  const one = reported.get(folder);
  if (one === undefined || !one.listeners.delete(listener) || one.listeners.size > 0) return;
  reported.delete(folder);
  end(one);
}

/** Whether all changes in the folder are reported by now, by any process. */
export function isReported(folder: string): boolean {
  return reported.get(folder)?.isTelling === true;
}

async function check(folder: string, one: Reported): Promise<void> {
  const nowMs = performance.now();
  if (nowMs - one.checkedMs < checkMs) return;
  one.checkedMs = nowMs;
  const id = await folderId(folder);
  if (reported.get(folder) !== one || id === one.id) return;
  end(one);
  one.id = id;
  if (id === undefined) return;
  const [watcher, { type }] = await Promise.all([
    createWatcher().catch(() => undefined), // An upgrade may have removed the chunk. Polling works without it.
    statfs(folder).catch(() => ({ type: 0 })),
  ]);
  if (watcher === undefined || reported.get(folder) !== one || one.id !== id || one.watcher !== undefined)
    return;
  one.watcher = watcher;
  watcher.on("raw", (kind, name, details) => {
    for (const listener of one.listeners) listener(folder, nameOf(name, details));
    // This reports that the folder itself was removed or renamed: no more reports follow. Another folder may
    // reuse its inode.
    if (kind !== "rename" || name !== basename(folder)) return;
    end(one);
    one.checkedMs = Number.NEGATIVE_INFINITY;
    void check(folder, one);
  });
  watcher.on("addDir", () => {
    one.isTelling = !isShared(type);
  });
  watcher.on("error", () => {
    if (one.watcher === watcher) end(one);
  });
  watcher.add(folder);
}

function end(one: Reported): void {
  void one.watcher?.close();
  one.watcher = undefined;
  one.isTelling = false;
  one.id = undefined;
}

/** With CHOKIDAR_USEPOLLING the reports only say that something changed. */
function nameOf(name: string | null, details: unknown): string | undefined {
  return (details as { watchedPath?: string }).watchedPath === undefined ? undefined : (name ?? undefined);
}

/** Undefined for a missing folder. */
function folderId(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(
    (stats) => (stats.isDirectory() ? `${stats.dev}:${stats.ino}` : undefined),
    () => undefined,
  );
}

/**
 * File systems that other machines write too, for which Linux reports nothing: NFS, SMB, AFS, Ceph, 9P (WSL,
 * containers), FUSE (sshfs, virtiofs), VirtualBox. By the numbers of statfs(2).
 */
const shared = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x6b414653, 0x00c36400, 0x01021997, 0x65735546,
  0x786f4256,
]);

/** `type`: of a file system, as statfs gives it. */
export function isShared(type: number): boolean {
  return process.platform === "linux" && shared.has(type >>> 0);
}

/**
 * chokidar reads a folder again at each report, to find out which of its files changed. Here the next look
 * does that, and the useless reads cost a whole processor where a log grows in a folder of 2,000 files: so it
 * gets nothing to read.
 */
export async function createWatcher(): Promise<FSWatcher> {
  const chokidar = await import("chokidar");
  class FolderWatcher extends chokidar.FSWatcher {
    override _readdirp(): undefined {
      return undefined;
    }
  }
  return new FolderWatcher({ depth: 0, atomic: false, usePolling: false });
}
