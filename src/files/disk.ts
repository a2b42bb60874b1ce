// The few file operations that make something durable, as an interface so that tests can make each of them fail. Reading
// does not go through here.

import { constants, type Stats, statSync } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";

export interface DiskFile {
  /** Writes some or all of the bytes; settles with how many. */
  write(bytes: Buffer, position: number): Promise<number>;
  /** Settles when what was written survives a power cut. */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
  /**
   * Whether the file still stands at the path that it was made at. Looked up on the spot: it takes a few microseconds, the
   * way through a thread ten times that.
   */
  isInPlace(): boolean;
}

export interface Disk {
  /** Makes a new file, 0600; rejects when there is one. */
  create(path: string): Promise<DiskFile>;
  /** For writing over what is in it; undefined when there is none of at least so many bytes. */
  open(path: string, bytes: number): Promise<DiskFile | undefined>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Settles when names made in the folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
}

export const realDisk: Disk = {
  async create(path) {
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    return fileOf(handle, path, await handle.stat());
  },
  async open(path, bytes) {
    // A FIFO of that name must not be waited for.
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
      // Some systems (Windows, a few network file systems) cannot sync a folder; there the rename is all there is.
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

/** Writes all bytes, however many writes that takes. */
export async function writeAll(file: DiskFile, bytes: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const written = await file.write(bytes.subarray(done), position + done);
    if (written === 0) throw Object.assign(new Error("the disk took no more bytes"), { code: "ENOSPC" });
    done += written;
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
}
