// The few file operations for durable writes, as an interface so that tests can make each of them fail.
// Reading does not use it.

import { constants, type Stats, statSync } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";

export interface DiskFile {
  /** Writes some or all of the bytes; settles with how many. */
  write(bytes: Buffer, position: number): Promise<number>;
  /** Settles when the written data survives a power cut. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
  /**
   * Whether the file is still at the path where it was created. Synchronous: it takes a few microseconds, a
   * thread pool call ten times that.
   */
  isInPlace(): boolean;
}

export interface Disk {
  /** Creates a new file, 0600; rejects when it exists. */
  create(path: string): Promise<DiskFile>;
  /** Opens an existing file for overwriting; undefined when none has at least this many bytes. */
  open(path: string, bytes: number): Promise<DiskFile | undefined>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Settles when names created in the folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
}

export const realDisk: Disk = {
  async create(path) {
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    return fileOf(handle, path, await handle.stat());
  },
  async open(path, bytes) {
    // Opening a FIFO of that name must not block.
    const handle = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
      () => undefined,
    );
    const found = await handle?.stat();
    if (handle !== undefined && found?.isFile() === true && found.size >= bytes)
      return fileOf(handle, path, found);
    await handle?.close();
    return undefined;
  },
  rename,
  unlink,
  async syncFolder(path) {
    let folder: FileHandle | undefined;
    try {
      folder = await open(path, "r");
      await folder.sync();
    } catch (error) {
      // Some systems (Windows, a few network file systems) cannot sync a folder; there the rename has to
      // suffice.
      if (!["EISDIR", "EPERM", "EINVAL", "ENOTSUP"].includes(codeOf(error) ?? "")) throw error;
    } finally {
      await folder?.close();
    }
  },
};

function fileOf(handle: FileHandle, path: string, { ino, dev }: Stats): DiskFile {
  return {
    write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
    sync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    close: () => handle.close(),
    isInPlace() {
      const now = statSync(path, { throwIfNoEntry: false });
      return now?.ino === ino && now.dev === dev;
    },
  };
}

/** Writes all bytes, in as many writes as necessary. */
export async function writeAll(file: DiskFile, bytes: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const written = await file.write(bytes.subarray(done), position + done);
    if (written === 0) throw Object.assign(new Error("the disk accepted no more bytes"), { code: "ENOSPC" });
    done += written;
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
}
