// Says that something happened in one of some folders, so that whoever looks now and then looks at once. Only a hint: not every
// file system tells, and not every folder can be watched.

import { type FSWatcher, watch } from "node:fs";

export interface FolderWatch {
  /** These from now on; at most 64 of them are watched. */
  watch(folders: readonly string[]): void;
  /** Whether all of them are watched. */
  isWhole(): boolean;
  close(): void;
}

const maxWatched = 64;

export function watchFolders(onChange: () => void): FolderWatch {
  const watchers = new Map<string, FSWatcher>();
  let wanted: readonly string[] = [];

  function open(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, onChange);
      watcher.on("error", () => {
        watchers.delete(folder);
        watcher.close();
      });
      watchers.set(folder, watcher);
    } catch {
      // No such folder, or no watch to be had: looking finds the change, a little later.
    }
  }

  return {
    watch(folders) {
      wanted = folders.slice(0, maxWatched);
      const keep = new Set(wanted);
      for (const [folder, watcher] of watchers) {
        if (keep.has(folder)) continue;
        watchers.delete(folder);
        watcher.close();
      }
      for (const folder of wanted) if (!watchers.has(folder)) open(folder);
    },
    isWhole: () => watchers.size === wanted.length && wanted.length > 0,
    close() {
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}
