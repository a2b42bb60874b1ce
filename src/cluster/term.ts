// Acquires a term of a state folder, gives it up, and removes what earlier terms left. `link` of a complete
// file is the one deciding step: it fails when the name exists, so exactly one process gets a term. The
// highest file is never removed, so terms only rise.

import { randomBytes } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { access, chmod, link, mkdir, readdir, rename, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDead, type LeaderFile, leaderFilePath, listTerms, readLeader } from "./leader-file.ts";
import { thisMachine } from "./machine.ts";
import { thisProcess } from "./process-identity.ts";
import { protocolNumber } from "./protocol.ts";
import { socketPath } from "./socket-path.ts";

/**
 * Undefined when another process has this term or a higher one. Rejects when the folder cannot be written.
 */
export async function acquireTerm(
  folder: string,
  term: number,
  version: string,
): Promise<LeaderFile | undefined> {
  await makeFolder(folder);
  const host = await thisMachine();
  const leader: LeaderFile = {
    epoch: term,
    ...(await thisProcess()),
    socket: await socketPath(folder, term),
    version,
    protocol: protocolNumber,
    started: new Date().toISOString(),
    ...(host === undefined ? {} : { host }),
  };
  if (!(await writeLeader(folder, leader))) return undefined;
  // A process that was slow between looking and linking may have got a term that was removed meanwhile: a
  // higher one shows it.
  if ((await listTerms(folder)).some((other) => other > term)) {
    await remove(leaderFilePath(folder, term));
    return undefined;
  }
  // The name is exclusively ours now; an existing socket is older than the term.
  await remove(leader.socket);
  return leader;
}

/** False when the name is taken. Not synced to disk: after a power failure no leader lives anyway. */
export async function writeLeader(folder: string, leader: LeaderFile): Promise<boolean> {
  const temporary = await writeBeside(folder, leader);
  try {
    await link(temporary, leaderFilePath(folder, leader.epoch));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await remove(temporary);
  }
}

/** From here on another process may acquire the next term although this one still runs. */
export async function releaseTerm(folder: string, leader: LeaderFile): Promise<void> {
  const temporary = await writeBeside(folder, { ...leader, released: true });
  await rename(temporary, leaderFilePath(folder, leader.epoch));
}

/** Removes the files and sockets of dead terms below this one. Best effort: leftovers do no harm. */
export async function sweep(folder: string, own: LeaderFile): Promise<void> {
  for (const term of (await listTerms(folder)).filter((other) => other < own.epoch)) {
    const leader = await readLeader(folder, term);
    if (leader === undefined || !(await isDead(leader))) continue;
    if ("socket" in leader && /[-/]o\d+\.sock$/.test(leader.socket)) await remove(leader.socket);
    await remove(leaderFilePath(folder, term));
  }
  for (const name of await readdir(folder)) {
    if (!/^owner-\d+\.json\.[0-9a-f]+$/.test(name)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > abandonedAfterMs) await remove(path);
  }
}

const abandonedAfterMs = 60_000;

export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    // Node reports ENOENT for a read-only file system; the nearest existing folder gives the real error.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") await access(nearest(folder), constants.W_OK);
    throw error;
  }
  const { mode } = await stat(folder);
  if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
}

function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder));
}

async function writeBeside(folder: string, leader: LeaderFile): Promise<string> {
  const temporary = `${leaderFilePath(folder, leader.epoch)}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(temporary, `${JSON.stringify(leader)}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    await remove(temporary).catch(() => undefined); // On a full disk it may exist but be empty; the first error counts.
    throw error;
  }
  return temporary;
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}
