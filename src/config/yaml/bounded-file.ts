// Reads a whole small file, up to a limit and never from anything that could block or be endless: pipes,
// devices and folders are rejected with a message. A missing file is a result, not an exception.

import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

export type FileResult =
  | { readonly ok: true; readonly bytes: Buffer; readonly sha256: string }
  | {
      readonly ok: false;
      readonly missing: boolean;
      /** Follows the file's name: `does not exist`. */
      readonly problem: string;
    };

/** Replaces the digest of a file that is missing or unreadable. */
export const absent = "absent";

/** `maxBytes` is inclusive. Never throws. */
export function readBounded(path: string, maxBytes: number): FileResult {
  if (path === "" || path.includes("\0")) return { ok: false, missing: true, problem: "does not exist" };
  let handle: number;
  try {
    // Without O_NONBLOCK opening a named pipe would wait for a writer. Windows has neither.
    handle = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return refused(error);
  }
  try {
    const stat = fstatSync(handle);
    if (stat.isDirectory()) return { ok: false, missing: false, problem: "is a folder, not a file" };
    if (!stat.isFile()) return { ok: false, missing: false, problem: "is not a regular file" };
    const buffer = Buffer.alloc(Math.min(stat.size, maxBytes) + 1);
    let length = 0;
    while (length < buffer.length) {
      const count = readSync(handle, buffer, length, buffer.length - length, null);
      if (count === 0) break;
      length += count;
    }
    if (stat.size > maxBytes || length > maxBytes) {
      return { ok: false, missing: false, problem: `is larger than ${maxBytes / 1024} KiB` };
    }
    const bytes = buffer.subarray(0, length);
    return { ok: true, bytes, sha256: sha256Of(bytes) };
  } catch (error) {
    return refused(error);
  } finally {
    closeSync(handle);
  }
}

function refused(error: unknown): FileResult {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined) throw error;
  if (code === "ENOENT" || code === "ENOTDIR") return { ok: false, missing: true, problem: "does not exist" };
  if (code === "EISDIR") return { ok: false, missing: false, problem: "is a folder, not a file" };
  if (code === "ENXIO") return { ok: false, missing: false, problem: "is not a regular file" };
  if (code === "EACCES" || code === "EPERM") {
    return { ok: false, missing: false, problem: "cannot be read: permission denied" };
  }
  return { ok: false, missing: false, problem: `cannot be read: ${code}` };
}

export function sha256Of(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
