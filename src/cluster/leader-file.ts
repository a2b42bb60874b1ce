// Reads who leads a state folder: `owner-<term>.json`, where the highest term counts. Files and frames keep the
// names of their first format: a leader is an `owner` there and its term an `epoch`. Writes nothing; see term.ts.

import { readdir } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { readRegular } from "../regular-file.ts";
import type { Machine } from "./machine.ts";
import { isRunning, type ProcessIdentity } from "./process-identity.ts";

export interface LeaderFile extends ProcessIdentity {
  readonly epoch: number;
  readonly socket: string;
  readonly version: string;
  readonly protocol: number;
  /** When the term was acquired, ISO 8601. */
  readonly started: string;
  /** Where it runs; absent where the system does not provide it, and in files of earlier versions. */
  readonly host?: Machine;
  /** The leader gave up its term: it counts as dead although its process may still run. */
  readonly released?: true;
}

/**
 * A file whose content cannot be read. Leader files are complete before they are visible, so its writer is
 * gone.
 */
export interface UnreadableLeader {
  readonly epoch: number;
  readonly unreadable: true;
}

const leaderFileName = /^owner-([1-9]\d{0,14})\.json$/;
/** A file of a higher term was not made by a leader, and does not count: terms above it could not be counted up. */
const maxTerm = 2 ** 47;

export function isLeaderFileName(name: string): boolean {
  return leaderFileName.test(name);
}

export function leaderFilePath(folder: string, term: number): string {
  return join(folder, `owner-${term}.json`);
}

/** Terms that have a file, in ascending order; empty when there is no folder. */
export async function listTerms(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .map((name) => Number(leaderFileName.exec(name)?.[1]))
    .filter((term) => term > 0 && term <= maxTerm)
    .sort((a, b) => a - b);
}

/** The leader of the highest term, dead or alive. Rejects when the folder cannot be read. */
export async function newestLeader(folder: string): Promise<LeaderFile | UnreadableLeader | undefined> {
  for (;;) {
    const term = (await listTerms(folder)).at(-1);
    if (term === undefined) return undefined;
    const leader = await readLeader(folder, term);
    if (leader !== undefined) return leader;
    // It was removed after it was listed.
  }
}

export async function readLeader(
  folder: string,
  term: number,
): Promise<LeaderFile | UnreadableLeader | undefined> {
  let text: string;
  try {
    text = (await readRegular(leaderFilePath(folder, term))).toString("utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    // A pipe or a folder of that name was not made by a leader.
    if (code === "ENOTFILE" || code === "EISDIR" || code === "ENXIO")
      return { epoch: term, unreadable: true };
    throw error;
  }
  try {
    const value = JSON.parse(text) as LeaderFile;
    const isWhole = value.epoch === term && Number.isSafeInteger(value.pid) && value.pid > 0;
    if (isWhole && typeof value.start === "string" && typeof value.socket === "string") return value;
  } catch {
    // Falls through: half a file after a power failure, or a manual edit.
  }
  return { epoch: term, unreadable: true };
}

/** Undefined when nothing listens there. */
export function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", () => resolve(undefined));
  });
}

/**
 * A live process, or a socket that answers, keeps its term: a process that is merely stopped (SIGSTOP) is not
 * dead.
 */
export async function isDead(leader: LeaderFile | UnreadableLeader): Promise<boolean> {
  if ("unreadable" in leader || leader.released) return true;
  const socket = await connectTo(leader.socket);
  if (socket !== undefined) {
    socket.on("error", () => undefined); // Only a probe.
    socket.destroy();
    return false;
  }
  return !(await isRunning(leader));
}
