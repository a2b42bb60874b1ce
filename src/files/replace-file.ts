// Replaces a file of the user that was read before, and only as it was read: at once, so that no reader finds half of it, and
// durably. Edits that others made meanwhile are not overwritten.

import { createHash, randomBytes } from "node:crypto";
import { chmod, lstat, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { readRegular } from "../regular-file.ts";
import { isWithin } from "../within.ts";
import { type Disk, realDisk, writeAll } from "./disk.ts";

export type ReplaceResult =
  | { readonly done: true; readonly sha256: string }
  /** `changed`: it is another file by now. `link`: it is a link that leads out of `within`. `file`: it is not a regular file. */
  | { readonly done: false; readonly reason: "changed" | "link" | "file" };

export interface ReplaceOptions {
  /** Of the content that was read. */
  readonly sha256: string;
  /** The real path of the folder that a link may not leave. */
  readonly within: string;
}

/** Settles when the text is on disk under its name. Rejects when the folder cannot be written. */
export async function replaceFile(
  path: string,
  text: string,
  options: ReplaceOptions,
  disk: Disk = realDisk,
): Promise<ReplaceResult> {
  const found = await lstat(path);
  if (!found.isFile() && !found.isSymbolicLink()) return { done: false, reason: "file" };
  // A link stays a link: what it leads to is replaced.
  const target = await realpath(path);
  if (found.isSymbolicLink() && !isWithin(target, options.within)) return { done: false, reason: "link" };
  const { mode } = await lstat(target);
  if ((await digestOf(target)) !== options.sha256) return { done: false, reason: "changed" };
  const temporary = `${target}.${randomBytes(6).toString("hex")}.new`;
  try {
    const file = await disk.create(temporary);
    try {
      await writeAll(file, Buffer.from(text), 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(temporary, mode & 0o777);
    // As late as possible; what is written between this and the next line is lost, as with any editor.
    if ((await digestOf(target)) !== options.sha256) {
      await disk.unlink(temporary);
      return { done: false, reason: "changed" };
    }
    await disk.rename(temporary, target);
  } catch (error) {
    await disk.unlink(temporary).catch(() => undefined); // It may never have been created; report the first error.
    throw error;
  }
  await disk.syncFolder(dirname(target));
  return { done: true, sha256: sha256Of(text) };
}

async function digestOf(path: string): Promise<string> {
  return sha256Of(await readRegular(path));
}

function sha256Of(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
