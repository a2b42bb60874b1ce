// The real disk, which can also lose its power: files go back to what was synced, and names whose folder was not synced go.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Disk, type DiskFile, realDisk } from "../../src/files/disk.ts";

export interface PowerCutDisk extends Disk {
  /** How many times data was synced. */
  syncs(): number;
  /** What the folder holds after the power was lost. Nothing may write to it meanwhile. */
  cut(folder: string): void;
}

export function powerCutDisk(): PowerCutDisk {
  const synced = new Map<string, Buffer>();
  const names = new Set<string>();
  let syncs = 0;

  function wrap(file: DiskFile, path: string): DiskFile {
    return {
      ...file,
      async sync() {
        await file.sync();
        syncs += 1;
        if (file.isInPlace()) synced.set(path, readFileSync(path));
      },
    };
  }

  return {
    ...realDisk,
    async create(path) {
      synced.set(path, Buffer.alloc(0));
      return wrap(await realDisk.create(path), path);
    },
    async open(path, bytes) {
      const file = await realDisk.open(path, bytes);
      return file === undefined ? undefined : wrap(file, path);
    },
    async rename(from, to) {
      await realDisk.rename(from, to);
      synced.set(to, synced.get(from) ?? Buffer.alloc(0));
      synced.delete(from);
    },
    async syncFolder(path) {
      await realDisk.syncFolder(path);
      for (const file of synced.keys()) if (dirname(file) === path) names.add(file);
    },
    syncs: () => syncs,
    cut(folder) {
      for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        const bytes = names.has(path) ? synced.get(path) : undefined;
        if (bytes === undefined) rmSync(path);
        else writeFileSync(path, bytes);
      }
    },
  };
}
