// An owner on another machine, or in another container, that shares the state folder with us. Its pid means nothing here, so the
// owner file shows whether it is alive: the owner writes to it every few seconds. Sessions here do not attach to it: their pids and
// paths would not be valid there.

import { constants } from "node:fs";
import { open, stat, unlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import type { Host } from "./host-identity.ts";
import { type LeaderFile, leaderFilePath } from "./leader-file.ts";

/** The owner writes every ten seconds. */
const staleAfterMs = 25_000;

/** Whether it holds the folder. Never rejects. */
export async function holdsFolder(folder: string, owner: LeaderFile, here: Host): Promise<boolean> {
  if (owner.released) return false;
  if (owner.host?.kernel === here.kernel) {
    // One kernel knows its own sockets, whichever container they were made in.
    const answer = await knock(owner.socket);
    if (answer !== "absent") return answer === "open";
  }
  return (await silentForMs(folder, owner)) < staleAfterMs;
}

/** Says to the others that the owner lives: the file system sets the time. Rejects when the file cannot be written. */
export async function showLife(folder: string, { epoch }: LeaderFile): Promise<void> {
  // A pipe in its place takes a line feed as well, or refuses it at once.
  const file = await open(leaderFilePath(folder, epoch), constants.O_RDWR | (constants.O_NONBLOCK ?? 0));
  try {
    const { size } = await file.stat();
    // It ends in a line feed.
    await file.write("\n", Math.max(0, size - 1), "utf8");
  } finally {
    await file.close();
  }
}

/** By the clock of the file system, which is the same for both. */
async function silentForMs(folder: string, { epoch }: LeaderFile): Promise<number> {
  const path = leaderFilePath(folder, epoch);
  try {
    const { mtimeMs } = await stat(path);
    const probe = `${path}.${process.pid.toString(16)}${Date.now().toString(16)}`;
    const nowMs = await writeFile(probe, "", { flag: "wx", mode: 0o600 })
      .then(() => stat(probe))
      .then((made) => made.mtimeMs)
      .catch(() => Date.now());
    await unlink(probe).catch(() => undefined);
    return nowMs - mtimeMs;
  } catch {
    return Number.POSITIVE_INFINITY; // It was taken away meanwhile.
  }
}

/** `refused`: the socket is there and nobody listens. */
function knock(path: string): Promise<"open" | "refused" | "absent"> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve("open");
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(code === "ECONNREFUSED" ? "refused" : "absent"),
    );
  });
}
