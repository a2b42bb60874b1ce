// A real disk of which single operations can be made to fail.

import { type Disk, type DiskFile, realDisk } from "../../src/files/disk.ts";

export interface FailingDisk extends Disk {
  /** Operations that fail from now on, with this code; undefined ends it. */
  fail(operations: readonly ("create" | "write" | "sync" | "truncate" | "rename")[], code?: string): void;
  /** Bytes that still fit before writes fail with ENOSPC; the last write is a short one. What is written in place needs none. */
  roomBytes: number;
  /** The most that one write takes. */
  maxWriteBytes: number;
}

export function failingDisk(): FailingDisk {
  let failing: readonly string[] = [];
  let code = "EIO";
  const check = (operation: string) => {
    if (failing.includes(operation)) throw Object.assign(new Error(`${code}: made to fail`), { code });
  };

  /** `size`: what it has room for already. */
  function wrap(file: DiskFile, size = 0): DiskFile {
    let sizeBytes = size;
    return {
      ...file,
      async write(bytes, position) {
        check("write");
        if (position + bytes.length <= sizeBytes) return file.write(bytes, position);
        if (disk.roomBytes <= 0) throw Object.assign(new Error("ENOSPC: made to fail"), { code: "ENOSPC" });
        const some = bytes.subarray(0, Math.min(disk.roomBytes, disk.maxWriteBytes));
        const written = await file.write(some, position);
        disk.roomBytes -= Math.max(0, position + written - sizeBytes);
        sizeBytes = Math.max(sizeBytes, position + written);
        return written;
      },
      async sync() {
        check("sync");
        await file.sync();
      },
      async truncate(length) {
        check("truncate");
        await file.truncate(length);
        sizeBytes = Math.min(sizeBytes, length);
      },
    };
  }

  const disk: FailingDisk = {
    ...realDisk,
    roomBytes: Number.POSITIVE_INFINITY,
    maxWriteBytes: Number.POSITIVE_INFINITY,
    fail(operations, withCode = "EIO") {
      failing = operations;
      code = withCode;
    },
    async create(path) {
      check("create");
      return wrap(await realDisk.create(path));
    },
    async open(path, bytes) {
      const file = await realDisk.open(path, bytes);
      return file === undefined ? undefined : wrap(file, bytes);
    },
    async rename(from, to) {
      check("rename");
      await realDisk.rename(from, to);
    },
  };
  return disk;
}
