// What the system reports of folders, by chokidar. One report a folder for the whole process, however many listen: two hundred
// tails of one folder cost what one does. Only a hint: not every file system tells, and not every folder can be watched.

import { stat, statfs } from "node:fs/promises";
import { basename } from "node:path";
import type { FSWatcher } from "chokidar";

/** `name`: of what changed in the folder, when the system says it. */
export type Listener = (folder: string, name: string | undefined) => void;

interface Reported {
  readonly listeners: Set<Listener>;
  /** Device and inode of the folder that is watched: another one may stand at its path by now. */
  id: string | undefined;
  watcher: FSWatcher | undefined;
  isTelling: boolean;
  checkedMs: number;
}

/** Whether another folder stands at a path is looked up at most so often, however many ask. */
const checkMs = 1_000;

const reported = new Map<string, Reported>();

/**
 * To be called again now and then, at least once after the folder was replaced: from then on the new one is reported. It need not
 * exist.
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

export function stopListening(folder: string, listener: Listener): void {
  const one = reported.get(folder);
  if (one === undefined || !one.listeners.delete(listener) || one.listeners.size > 0) return;
  reported.delete(folder);
  end(one);
}

/** Whether all that happens in the folder is reported by now, whoever does it. */
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
    createWatcher().catch(() => undefined), // An upgrade may have taken the chunk away. Looks do without.
    statfs(folder).catch(() => ({ type: 0 })),
  ]);
  if (watcher === undefined || reported.get(folder) !== one || one.id !== id || one.watcher !== undefined)
    return;
  one.watcher = watcher;
  watcher.on("raw", (kind, name, details) => {
    for (const listener of one.listeners) listener(folder, nameOf(name, details));
    // So it is told that the folder itself was removed or renamed: nothing more comes of it. Another may have its number.
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

/** Where CHOKIDAR_USEPOLLING is set, all that is known is that something changed. */
function nameOf(name: string | null, details: unknown): string | undefined {
  return (details as { watchedPath?: string }).watchedPath === undefined ? undefined : (name ?? undefined);
}

/** Undefined when there is none. */
function folderId(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(
    (stats) => (stats.isDirectory() ? `${stats.dev}:${stats.ino}` : undefined),
    () => undefined,
  );
}

/**
 * File systems on which others write too, of which Linux reports nothing: NFS, SMB, AFS, Ceph, 9P (WSL, containers), FUSE (sshfs,
 * virtiofs), VirtualBox. By the numbers of statfs(2).
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
 * chokidar reads a folder again at each report, to tell which of its files came and went. Here that is found out by looking, and
 * what is read for nothing costs a whole processor where a log grows in a folder of 2,000 files: so it gets nothing to read.
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
