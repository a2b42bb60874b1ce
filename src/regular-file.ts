// Opens and reads files of our own: never a pipe, which would be waited for without end, nor a device or a folder that took the
// place of one.

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** Without O_NONBLOCK opening a named pipe waits for a writer. Windows has none. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Rejects with the system's error; with the code ENOTFILE for what is not a regular file. */
export async function openRegular(path: string): Promise<FileHandle> {
  const handle = await open(path, flags);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw Object.assign(new Error(`${path} is not a regular file`), { code: "ENOTFILE" });
}

/** The whole file. Rejects as `openRegular` does. */
export async function readRegular(path: string): Promise<Buffer> {
  const handle = await openRegular(path);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
