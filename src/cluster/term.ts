// Claims an epoch of a state folder, gives it up, and sweeps what earlier epochs left. `link` of a whole file is the one
// deciding step: it fails when the name is there, so exactly one process gets an epoch. The highest file is never removed,
// so epochs only rise.

import { randomBytes } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { access, chmod, link, mkdir, readdir, rename, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { thisHost } from "./host-identity.ts";
import { isDead, type LeaderFile, leaderFilePath, listTerms, readLeader } from "./leader-file.ts";
import { thisProcess } from "./process-identity.ts";
import { protocolNumber } from "./protocol.ts";
import { socketPath } from "./socket-path.ts";

/** Undefined when another process has this epoch or a higher one. Rejects when the folder cannot be written. */
export async function acquireTerm(
  folder: string,
  epoch: number,
  version: string,
): Promise<LeaderFile | undefined> {
  await makeFolder(folder);
  const host = await thisHost();
  const owner: LeaderFile = {
    epoch,
    ...(await thisProcess()),
    socket: await socketPath(folder, epoch),
    version,
    protocol: protocolNumber,
    started: new Date().toISOString(),
    ...(host === undefined ? {} : { host }),
  };
  if (!(await writeLeader(folder, owner))) return undefined;
  // Whoever was slow between looking and linking may have got an epoch that was swept meanwhile: a higher one shows it.
  if ((await listTerms(folder)).some((other) => other > epoch)) {
    await remove(leaderFilePath(folder, epoch));
    return undefined;
  }
  // The name is ours alone now; what stands there is older than the claim.
  await remove(owner.socket);
  return owner;
}

/** False when the name is taken. Not synced to disk: after a power failure no owner lives anyway. */
export async function writeLeader(folder: string, owner: LeaderFile): Promise<boolean> {
  const temporary = await writeBeside(folder, owner);
  try {
    await link(temporary, leaderFilePath(folder, owner.epoch));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await remove(temporary);
  }
}

/** From here on another process may claim the next epoch although this one still runs. */
export async function releaseTerm(folder: string, owner: LeaderFile): Promise<void> {
  const temporary = await writeBeside(folder, { ...owner, released: true });
  await rename(temporary, leaderFilePath(folder, owner.epoch));
}

/** Removes the files and sockets of dead epochs below this one. Best effort: what stays does no harm. */
export async function sweep(folder: string, own: LeaderFile): Promise<void> {
  for (const epoch of (await listTerms(folder)).filter((other) => other < own.epoch)) {
    const owner = await readLeader(folder, epoch);
    if (owner === undefined || !(await isDead(owner))) continue;
    if ("socket" in owner && /[-/]o\d+\.sock$/.test(owner.socket)) await remove(owner.socket);
    await remove(leaderFilePath(folder, epoch));
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
    // Node says ENOENT of a read-only file system; the nearest folder that is there knows better.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") await access(nearest(folder), constants.W_OK);
    throw error;
  }
  const { mode } = await stat(folder);
  if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
}

function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder));
}

async function writeBeside(folder: string, owner: LeaderFile): Promise<string> {
  const temporary = `${leaderFilePath(folder, owner.epoch)}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(temporary, `${JSON.stringify(owner)}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    await remove(temporary).catch(() => undefined); // On a full disk it may be there, empty; the first error counts.
    throw error;
  }
  return temporary;
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}
