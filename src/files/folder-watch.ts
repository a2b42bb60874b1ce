// Signals a change in any of some folders, so that a regular look can run immediately.

import { isReported, type Listener, listenTo, unsubscribe } from "./folder-reports.ts";

export interface FolderWatch {
  /**
   * These from now on; at most 64 of them are watched. Must be called at each look: a folder may have been
   * replaced.
   */
  watch(folders: readonly string[]): void;
  /** Whether all of them are watched by now. */
  isWhole(): boolean;
  close(): void;
}

const maxWatched = 64;

export function watchFolders(onChange: Listener): FolderWatch {
  // A separate function, so that two watches with the same callback are two.
  const listener: Listener = (folder, name) => onChange(folder, name);
  let wanted: readonly string[] = [];
  let watched: ReadonlySet<string> = new Set();

  function watch(folders: readonly string[]): void {
    wanted = folders;
    const before = watched;
    watched = new Set(folders.slice(0, maxWatched));
    for (const folder of before) if (!watched.has(folder)) unsubscribe(folder, listener);
    for (const folder of watched) listenTo(folder, listener);
  }

  return {
    watch,
    isWhole: () => wanted.length > 0 && wanted.every((folder) => watched.has(folder) && isReported(folder)),
    close: () => watch([]),
  };
}

// The next idle poll of sources that have nothing to do and receive change reports.

const idlePollMs = 30_000;

/** A shorter pause would only repeat the last look: a clock may be a little early. */
const leastMs = 100;

/**
 * Time until the next common idle poll of all sources: waking up once for many is cheaper than many times.
 */
export function msUntilIdlePoll(nowMs: number): number {
  const leftMs = idlePollMs - (nowMs % idlePollMs);
  return leftMs < leastMs ? leftMs + idlePollMs : leftMs;
}
