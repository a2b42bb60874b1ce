// Says that something happened in one of some folders, so that whoever looks now and then looks at once.

import { isReported, type Listener, listenTo, stopListening } from "./folder-reports.ts";

export interface FolderWatch {
  /** These from now on; at most 64 of them are watched. To be called at each look: a folder may have been replaced. */
  watch(folders: readonly string[]): void;
  /** Whether all of them are watched by now. */
  isWhole(): boolean;
  close(): void;
}

const maxWatched = 64;

export function watchFolders(onChange: Listener): FolderWatch {
  // Its own function, so that two watches with the same callback are two.
  const listener: Listener = (folder, name) => onChange(folder, name);
  let wanted: readonly string[] = [];
  let watched: ReadonlySet<string> = new Set();

  function watch(folders: readonly string[]): void {
    wanted = folders;
    const before = watched;
    watched = new Set(folders.slice(0, maxWatched));
    for (const folder of before) if (!watched.has(folder)) stopListening(folder, listener);
    for (const folder of watched) listenTo(folder, listener);
  }

  return {
    watch,
    isWhole: () => wanted.length > 0 && wanted.every((folder) => watched.has(folder) && isReported(folder)),
    close: () => watch([]),
  };
}
