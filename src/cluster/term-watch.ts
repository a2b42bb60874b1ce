// Calls `look` when something happened to a leader's term: a leader file was added or removed, the socket was
// removed, a folder was moved or removed. The system reports that, so nothing polls meanwhile; from time to
// time `look` is called without a report, because not every file system sends one.

import { basename } from "node:path";
import { watchFolders } from "../files/folder-watch.ts";

export interface TermWatchOptions {
  /** The state folder, and the folder of the socket. */
  readonly folders: readonly string[];
  /** A name in one of them that matters. */
  concerns(name: string): boolean;
  /** One look at a time. Never rejects. */
  look(): Promise<void>;
}

const lookEveryMs = 10_000;
/**
 * The delay from a report to the look. Recreating the folder at once would be in the way of a process that is
 * still removing it.
 */
const settleMs = 300;
/** Until a folder is watched. */
const blindLookEveryMs = 1_000;

/** The first look comes after a second. The result ends the watch. */
export function watchTerm({ folders, concerns, look }: TermWatchOptions): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let isStale = false;
  let isOver = false;

  const reports = watchFolders((folder, name) => {
    // A folder's own name: the folder itself was moved or removed.
    if (name !== undefined && name !== basename(folder) && !concerns(name)) return;
    isStale = true;
    if (!isLooking) lookAfter(settleMs);
  });

  async function run(): Promise<void> {
    isLooking = true;
    isStale = false;
    reports.watch(folders);
    await look();
    isLooking = false;
    lookAfter(isStale ? settleMs : reports.isWhole() ? lookEveryMs : blindLookEveryMs);
  }

  function lookAfter(ms: number): void {
    clearTimeout(timer);
    if (isOver) return;
    timer = setTimeout(() => void run(), ms);
    timer.unref();
  }

  lookAfter(blindLookEveryMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
    reports.close();
  };
}
