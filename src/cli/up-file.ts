// `up.json` in the state folder: the process that `up` started, so that `down` finds it although another
// process may be the leader now.

import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { readStateFile, writeStateFile } from "../files/state-file.ts";
import type { Processes, ProcessIdentity } from "./context.ts";

/** The result removes it. */
export async function enterUp(folder: string, self: ProcessIdentity): Promise<() => Promise<void>> {
  const path = join(folder, "up.json");
  await writeStateFile(path, `${JSON.stringify({ pid: self.pid, start: self.start })}\n`);
  return async () => {
    const now = (await readStateFile(path)) as ProcessIdentity | undefined;
    // A later `up` may have written its own.
    if (now?.pid === self.pid) await unlink(path).catch(() => undefined); // Already gone.
  };
}

/** The process that `up` started for this config, if it still runs. */
export async function findUp(folder: string, processes: Processes): Promise<ProcessIdentity | undefined> {
  const found = (await readStateFile(join(folder, "up.json"))) as Partial<ProcessIdentity> | null | undefined;
  if (!Number.isSafeInteger(found?.pid) || typeof found?.start !== "string") return undefined;
  const identity = { pid: found.pid as number, start: found.start };
  return identity.pid > 1 && (await processes.isRunning(identity)) ? identity : undefined;
}
