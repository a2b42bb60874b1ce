// A leader on another machine, or in another container, that shares the state folder with us. Its pid means
// nothing here, so its leader file shows whether it lives: the leader writes to it every few seconds. No
// process attaches to it: facts about this process, from pids to paths, would not be true there.

import { constants } from "node:fs";
import { open, stat, unlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { type LeaderFile, leaderFilePath } from "./leader-file.ts";
import type { Machine } from "./machine.ts";

/** The leader writes every ten seconds. */
const staleAfterMs = 25_000;

/** Whether it holds the folder. Never rejects. */
export async function holdsFolder(folder: string, leader: LeaderFile, here: Machine): Promise<boolean> {
  if (leader.released) return false;
  if (leader.host?.kernel === here.kernel) {
    // A kernel knows its own sockets, in whichever container they were made.
    const answer = await knock(leader.socket);
    if (answer !== "absent") return answer === "open";
  }
  return (await idleForMs(folder, leader)) < staleAfterMs;
}

/**
 * Shows other processes that the leader lives: the file system sets the time. Rejects when the file cannot be
 * written.
 */
export async function showLife(folder: string, { epoch: term }: LeaderFile): Promise<void> {
  // A pipe in its place takes a line feed as well, or rejects it at once.
  const file = await open(leaderFilePath(folder, term), constants.O_RDWR | (constants.O_NONBLOCK ?? 0));
  try {
    const { size } = await file.stat();
    // It ends in a line feed.
    await file.write("\n", Math.max(0, size - 1), "utf8");
  } finally {
    await file.close();
  }
}

/** By the clock of the file system, which is the same for both. */
async function idleForMs(folder: string, { epoch: term }: LeaderFile): Promise<number> {
  const path = leaderFilePath(folder, term);
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
    return Number.POSITIVE_INFINITY; // It was removed meanwhile.
  }
}

/** `refused`: the socket exists but nothing listens. */
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
