// Where the socket of a term lives: in the state folder or, when that path is longer than the system allows,
// in a private folder among the temporary files.

import { createHash } from "node:crypto";
import { lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** sun_path of unix(7) and of macOS' sys/un.h, less the final zero. */
const maxPathBytes = process.platform === "linux" ? 107 : 103;

/** Rejects when only the temporary folder would do and it is not private to this user. */
export async function socketPath(folder: string, term: number, temporaryFolder = tmpdir()): Promise<string> {
  const inFolder = join(folder, `o${term}.sock`);
  if (Buffer.byteLength(inFolder) <= maxPathBytes) return inFolder;
  const privateFolder = join(temporaryFolder, `channel-router-${process.getuid?.() ?? "user"}`);
  await makePrivate(privateFolder);
  const name = createHash("sha256").update(folder).digest("hex").slice(0, 12);
  const short = join(privateFolder, `${name}-o${term}.sock`);
  if (Buffer.byteLength(short) <= maxPathBytes) return short;
  throw new Error(`no socket path is short enough: ${short} is longer than ${maxPathBytes} bytes`);
}

/**
 * Another user may create this name among the temporary files first, so it is only used when it is ours and
 * closed to others.
 */
async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const found = await lstat(folder);
  const isOurs = process.getuid === undefined || found.uid === process.getuid();
  if (!found.isDirectory() || !isOurs || (found.mode & 0o077) !== 0) {
    throw new Error(`${folder} is not a folder that belongs to this user alone (mode 0700)`);
  }
}
