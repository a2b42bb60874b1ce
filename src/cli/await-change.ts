// Waiting for a file to appear or change, by looking: there may be no folder yet that could be watched, and it is done only
// while nothing else works.

import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const everyMs = 500;

/** True once any of the files differs from when the wait began; false when the signal fired first. */
export async function awaitChange(paths: readonly string[], signal: AbortSignal): Promise<boolean> {
  const before = await fingerprint(paths);
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined); // Ended by the signal: the loop sees it.
    if (!signal.aborted && (await fingerprint(paths)) !== before) return true;
  }
  return false;
}

async function fingerprint(paths: readonly string[]): Promise<string> {
  const marks = paths.map((path) =>
    stat(path).then(
      ({ mtimeMs, size, ino }) => `${mtimeMs}/${size}/${ino}`,
      () => "absent",
    ),
  );
  return (await Promise.all(marks)).join();
}
