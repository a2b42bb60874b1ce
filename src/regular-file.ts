// Opens and reads files of our own: never a pipe, which would be waited for without end, nor a device or a folder that took the
// place of one.

import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** Without O_NONBLOCK opening a named pipe waits for a writer. Windows has none. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Rejects with the system's error; with the code ENOTFILE for what is not a regular file. */
export async function openRegular(path: string): Promise<FileHandle> {
  const handle = await open(path, flags);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw notRegular(path);
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

/** The same at once, for small files at a start. */
export function readRegularSync(path: string): Buffer {
  const handle = openSync(path, flags);
  try {
    if (fstatSync(handle).isFile()) return readFileSync(handle);
  } finally {
    closeSync(handle);
  }
  throw notRegular(path);
}

function notRegular(path: string): Error {
  return Object.assign(new Error(`${path} is not a regular file`), { code: "ENOTFILE" });
}
