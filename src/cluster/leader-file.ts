// Reads who owns a state folder: `owner-<epoch>.json`, the highest epoch counts. Writes nothing; see claim.ts.

import { readdir } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { readRegular } from "../regular-file.ts";
import type { Host } from "./host-identity.ts";
import { isRunning, type ProcessIdentity } from "./process-identity.ts";

export interface LeaderFile extends ProcessIdentity {
  readonly epoch: number;
  readonly socket: string;
  readonly version: string;
  readonly protocol: number;
  /** When the epoch was claimed, ISO 8601. */
  readonly started: string;
  /** Where it runs; absent where the system does not tell, and in files of earlier versions. */
  readonly host?: Host;
  /** The owner gave the epoch up: it is dead although its process may still run. */
  readonly released?: true;
}

/** A file whose content cannot be read. Owner files are whole before they are seen, so its writer is no more. */
export interface UnreadableLeader {
  readonly epoch: number;
  readonly unreadable: true;
}

const ownerName = /^owner-([1-9]\d{0,14})\.json$/;

export function isLeaderFileName(name: string): boolean {
  return ownerName.test(name);
}

export function leaderFilePath(folder: string, epoch: number): string {
  return join(folder, `owner-${epoch}.json`);
}

/** Epochs that have a file, in rising order; empty when there is no folder. */
export async function listTerms(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .map((name) => Number(ownerName.exec(name)?.[1]))
    .filter((epoch) => epoch > 0)
    .sort((a, b) => a - b);
}

/** The owner of the highest epoch, dead or alive. Rejects when the folder cannot be read. */
export async function newestLeader(folder: string): Promise<LeaderFile | UnreadableLeader | undefined> {
  for (;;) {
    const epoch = (await listTerms(folder)).at(-1);
    if (epoch === undefined) return undefined;
    const owner = await readLeader(folder, epoch);
    if (owner !== undefined) return owner;
    // It was withdrawn after it was listed.
  }
}

export async function readLeader(
  folder: string,
  epoch: number,
): Promise<LeaderFile | UnreadableLeader | undefined> {
  let text: string;
  try {
    text = (await readRegular(leaderFilePath(folder, epoch))).toString("utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    // A pipe or a folder of that name was not made by an owner.
    if (code === "ENOTFILE" || code === "EISDIR" || code === "ENXIO") return { epoch, unreadable: true };
    throw error;
  }
  try {
    const value = JSON.parse(text) as LeaderFile;
    const isWhole = value.epoch === epoch && Number.isSafeInteger(value.pid) && value.pid > 0;
    if (isWhole && typeof value.start === "string" && typeof value.socket === "string") return value;
  } catch {
    // Falls through: half a file after a power failure, or somebody's editing.
  }
  return { epoch, unreadable: true };
}

/** Undefined when nobody listens there. */
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

/** A live process, or a socket that answers, keeps its epoch: one that is merely stopped (SIGSTOP) is not dead. */
export async function isDead(owner: LeaderFile | UnreadableLeader): Promise<boolean> {
  if ("unreadable" in owner || owner.released) return true;
  const socket = await connectTo(owner.socket);
  if (socket !== undefined) {
    socket.on("error", () => undefined); // It was only a knock.
    socket.destroy();
    return false;
  }
  return !(await isRunning(owner));
}
