// Files in the state folder: private, never half written, and durable: once a write settles, the file
// survives a power cut. The folder is synced too, since it contains the rename.

import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readRegular } from "../regular-file.ts";
import { type Disk, realDisk, writeAll } from "./disk.ts";

/**
 * Replaces the file atomically; folder 0700, file 0600. Settles when file and folder are on disk. Rejects
 * when the state folder cannot be written; then the old content may be back after a power cut.
 */
export async function writeStateFile(path: string, text: string, disk: Disk = realDisk): Promise<void> {
  await makeStateFolder(dirname(path), disk);
  const temporary = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    const file = await disk.create(temporary);
    try {
      await writeAll(file, Buffer.from(text), 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, path);
  } catch (error) {
    await disk.unlink(temporary).catch(() => undefined); // It may never have been created; report the first error.
    throw error;
  }
  await disk.syncFolder(dirname(path));
  if (swept.has(path)) return;
  swept.add(path);
  await removeAbandoned(path, disk);
}

/** Files that this process has replaced. Half-written files that others left beside them were removed. */
const swept = new Set<string>();
/** Longer than any process takes to write one. */
const abandonedAfterMs = 60_000;

/** A process that was killed while it wrote leaves a half-written file. */
async function removeAbandoned(path: string, disk: Disk): Promise<void> {
  const start = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(start) || !/^[0-9a-f]{12}$/.test(name.slice(start.length))) continue;
    const half = join(dirname(path), name);
    const { mtimeMs } = await lstat(half).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > abandonedAfterMs) await disk.unlink(half).catch(() => undefined); // The next process tries again.
  }
}

/** Appends one line, in one write, so that lines of two processes do not mix. Settles when it is on disk. */
export async function appendStateLine(path: string, line: string, disk: Disk = realDisk): Promise<void> {
  await makeStateFolder(dirname(path), disk);
  const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;
  // Without O_NONBLOCK a pipe of that name would block.
  const file = await open(path, O_APPEND | O_CREAT | O_WRONLY | (O_NONBLOCK ?? 0), 0o600);
  let isNew: boolean;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error(`${path} is not a regular file`);
    isNew = found.size === 0;
    await file.appendFile(`${line}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
  if (isNew) await disk.syncFolder(dirname(path));
}

/**
 * The file's JSON, or undefined when it is missing or unreadable: state is never a reason to fail a start.
 */
export async function readStateFile(path: string): Promise<unknown> {
  try {
    return JSON.parse((await readRegular(path)).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The name of a new folder is in its parent, which must be synced as well. */
async function makeStateFolder(folder: string, disk: Disk): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; ; made = dirname(made)) {
    await disk.syncFolder(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}
