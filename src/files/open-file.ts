// Opens a file that was found: only this one, not a replacement, and only if it is a regular file.

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { FoundFile } from "./search.ts";

// A link in its place is not followed; a pipe does not block.
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Rejects with the system's error; ELOOP when the last part of the path is a link. */
export function openReading(real: string): Promise<FileHandle> {
  return open(real, flags);
}

/** Undefined when another file has replaced it. Rejects with the system's error. */
export async function openFound({
  real,
  id,
}: Pick<FoundFile, "real" | "id">): Promise<FileHandle | undefined> {
  const handle = await openReading(real);
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile() && `${stats.dev}:${stats.ino}` === id) return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}
