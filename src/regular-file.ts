// Opens and reads the router's own files: never a pipe, which would block for ever, nor a device or a folder
// in their place.

import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** Without O_NONBLOCK opening a named pipe waits for a writer. Windows has none. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Rejects with the system's error; with the code ENOTFILE when it is not a regular file. */
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

/**
 * The same for a file that controls access: it must be owned by this user, and `others` must not have the
 * rights of these mode bits. Rejects with the code ENOTOURS otherwise. On a system without users the owner is
 * not checked.
 */
export async function readOwn(path: string, others: number): Promise<Buffer> {
  const handle = await openRegular(path);
  try {
    const { mode, uid } = await handle.stat();
    if (process.getuid !== undefined && uid !== process.getuid())
      throw notOurs(`${path} belongs to another user`);
    if (process.platform !== "win32" && (mode & others) !== 0)
      throw notOurs(`${path} has mode ${(mode & 0o777).toString(8)}: chmod 600 ${path}`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function notOurs(message: string): Error {
  return Object.assign(new Error(message), { code: "ENOTOURS" });
}

/** The synchronous version, for small files at a start. */
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
