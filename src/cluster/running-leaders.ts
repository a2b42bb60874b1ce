// The register of running leaders, one small file each, where the command line finds them. Files of processes
// that are gone are skipped and removed.

import { createHash } from "node:crypto";
import { mkdir, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { writeStateFile } from "../files/state-file.ts";
import { readRegular } from "../regular-file.ts";
import type { LeaderFile } from "./leader-file.ts";
import { isElsewhere, type Machine, thisMachine } from "./machine.ts";
import { isRunning, type ProcessIdentity } from "./process-identity.ts";

export interface RunningRegister {
  /** The state folder of the config. */
  readonly folder: string;
  /** `<claude config dir>/channels/router/running`, or `running` in the state root that the variable names. */
  readonly runningFolder: string;
  /** The config file's real path. */
  readonly config: string;
}

export interface RunningLeader extends ProcessIdentity {
  readonly config: string;
  readonly folder: string;
  readonly socket: string;
  readonly epoch: number;
  readonly version: string;
  readonly protocol: number;
  readonly started: string;
  readonly host?: Machine;
}

/** The result removes the entry. */
export async function enterRunning(
  { runningFolder, config, folder }: RunningRegister,
  leader: LeaderFile,
): Promise<() => Promise<void>> {
  const entry: RunningLeader = { ...leader, config, folder };
  const name = createHash("sha256").update(folder).digest("hex").slice(0, 12);
  const path = join(runningFolder, `${name}-${leader.pid}.json`);
  await mkdir(runningFolder, { recursive: true, mode: 0o700 });
  await writeStateFile(path, `${JSON.stringify(entry)}\n`);
  // Removes those of leaders that were killed. Never rejects.
  void listRunning(runningFolder);
  return () => unlink(path).catch(() => undefined); // The folder may be gone, and the entry with it.
}

/** Leaders whose process runs, latest first. A missing or unreadable folder has none. */
export async function listRunning(runningFolder: string): Promise<RunningLeader[]> {
  const names = await readdir(runningFolder).catch(() => []);
  const entries = await Promise.all(
    names.filter((name) => name.endsWith(".json")).map((name) => readEntry(join(runningFolder, name))),
  );
  return entries.filter((entry) => entry !== undefined).sort((a, b) => (a.started < b.started ? 1 : -1));
}

async function readEntry(path: string): Promise<RunningLeader | undefined> {
  try {
    const entry = JSON.parse((await readRegular(path)).toString("utf8")) as RunningLeader;
    // Whether it runs on another host cannot be determined from here, and no command would reach it.
    if (isElsewhere(entry.host, await thisMachine())) return undefined;
    if (await isRunning(entry)) return entry;
  } catch {
    // Files are written completely or not at all, so this one is not an entry.
  }
  await unlink(path).catch(() => undefined); // Another process may have removed it.
  return undefined;
}
