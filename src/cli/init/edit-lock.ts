// One command at a time changes the files of a config's folder: channels.yaml, .env and channels.lock are read, changed
// and written as a whole, so two commands at once would lose what the first one wrote. Editors do not know the
// lock: for them each write compares the file again (files.ts).
//
// Each command makes a file of its own, then looks for others. The one that comes later sees the earlier one, takes its
// file back and waits, so two commands never both go on. A file is named after its process, whose end frees the folder.

import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { thisMachine } from "../../cluster/machine.ts";
import { lookAt, thisProcess } from "../../cluster/process-identity.ts";
import { isRouterError, UsageError } from "../../errors.ts";

/** Longer than a recipe takes to be fetched. */
const patienceMs = 60_000;
const leastPauseMs = 20;

/** Runs `work` while no other command has the lock of this folder, which is made if there is none. Rejects with a UsageError when another command keeps it. */
export async function withEditLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const own = await ownName();
  const endMs = performance.now() + patienceMs;
  for (let round = 0; ; round += 1) {
    const other = (await otherHolder(folder, own)) ?? (await acquired(folder, own));
    if (other === undefined) break;
    if (performance.now() > endMs)
      throw new UsageError(
        "E_USAGE",
        `another command (pid ${other.pid}) is changing the files in ${folder}`,
        {
          hint: `wait for it, or end it; if it runs no more, delete ${join(folder, other.name)}`,
        },
      );
    // Two that began together must not meet again and again.
    await pause(leastPauseMs + Math.random() * Math.min(300, 30 * (round + 1)));
  }
  try {
    return await work();
  } finally {
    await rm(join(folder, own), { force: true });
  }
}

interface Holder {
  readonly name: string;
  readonly pid: number;
}

/** Another command that had its file first, or at the same time; undefined: the lock is ours. */
async function acquired(folder: string, own: string): Promise<Holder | undefined> {
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, own), "", { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (isRouterError(error)) throw error;
    throw new UsageError("E_USAGE", `${folder} cannot be written: ${(error as NodeJS.ErrnoException).code}`);
  }
  const other = await otherHolder(folder, own).catch(async (error: unknown) => {
    await rm(join(folder, own), { force: true });
    throw error;
  });
  if (other !== undefined) await rm(join(folder, own), { force: true });
  return other;
}

const named = /^\.channels\.edit\.([0-9a-f]{8})\.(\d+)\.([0-9a-f]{8})\.[0-9a-f]{8}$/;

/** Removes what processes left that have ended. Their names are never used again, so nobody else can mean them. */
async function otherHolder(folder: string, own: string): Promise<Holder | undefined> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new UsageError("E_USAGE", `${folder} cannot be read: ${error.code}`);
  });
  for (const name of names) {
    const [, machine = "", pid = "", start = ""] = named.exec(name) ?? [];
    if (machine === "" || name === own) continue;
    const holder = { name, pid: Number(pid) };
    // A pid of another machine or container says nothing here.
    if (machine !== (await machineHash())) return holder;
    const look = await lookAt(holder.pid);
    if (look !== undefined && (look.start === "" || hashOf(look.start) === start)) return holder;
    await rm(join(folder, name), { force: true });
  }
  return undefined;
}

async function ownName(): Promise<string> {
  const { pid, start } = await thisProcess();
  return `.channels.edit.${await machineHash()}.${pid}.${hashOf(start)}.${randomBytes(4).toString("hex")}`;
}

async function machineHash(): Promise<string> {
  const machine = await thisMachine();
  return hashOf(machine === undefined ? "" : `${machine.kernel} ${machine.space}`);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
