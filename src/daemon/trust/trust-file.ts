// The user's answers about the powers of one config file, on disk. A file that is invalid, or that others may
// write, counts as empty: then nothing is trusted. Decides nothing and asks nobody.

import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, type FileHandle, mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { UsageError } from "../../errors.ts";
import { writeStateFile } from "../../files/state-file.ts";

export type Answer = "trusted" | "declined";

export interface TrustLocation {
  /** The file itself: `<state root>/<config>/trust.json`. */
  readonly file: string;
  /** Real path of the config file that it is about. */
  readonly config: string;
}

/** A power as it was shown. */
export interface PowerRecord {
  readonly power: string;
  readonly value: string;
  readonly component: string;
  readonly hash: string;
}

interface Remembered extends PowerRecord {
  readonly answer: Answer;
  /** RFC 3339. */
  readonly time: string;
}

export interface TrustMemory {
  /** By hash, the latest last. */
  readonly answers: ReadonlyMap<string, Remembered>;
  /**
   * Everything the config asks for is allowed. Only an edit of the file sets it: for containers and tests.
   */
  readonly all: boolean;
  /** Equal for two files that allow the same, for values that are computed from the answers. */
  readonly digest: string;
  /** Why the file is ignored. */
  readonly damage?: string;
  /** A newer version wrote it: nothing is written over it. */
  readonly isNewer?: true;
  /**
   * An earlier version stored answers, which no longer count, and nothing was answered since; `noted`: and
   * that was logged.
   */
  readonly outdated?: "found" | "noted";
}

const version = 2;
/**
 * Answers to powers that the config no longer asks for are kept, so that an edit that is undone asks nothing
 * again.
 */
const maxAnswers = 2_000;
/** A config has a few hundred powers at most; a larger file is not ours. */
const maxBytes = 4 * 1024 * 1024;
const othersMayWrite = 0o022;

/** Never rejects. */
export async function readTrust({ file, config }: TrustLocation): Promise<TrustMemory> {
  try {
    const text = await readOwn(file);
    return { ...readAnswers(JSON.parse(text), config), digest: digestOf(text) };
  } catch (error) {
    const none = { answers: new Map(), all: false, digest: digestOf("") };
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return none;
    if (error instanceof Outdated) return { ...none, outdated: "found" };
    const newer = error instanceof Newer ? ({ isNewer: true } as const) : {};
    return {
      ...none,
      ...newer,
      damage: `${file} cannot be used, so nothing is trusted: ${(error as Error).message}`,
    };
  }
}

/** Rejects when the state folder cannot be written, and when a newer version wrote the file, which then stays as it is. */
export async function writeAnswer(
  location: TrustLocation,
  powers: readonly PowerRecord[],
  answer: Answer,
  nowMs: number,
): Promise<void> {
  const { answers: before, all, isNewer } = await readTrust(location);
  if (isNewer === true)
    throw new UsageError(
      "E_USAGE",
      `a newer channel-router wrote ${location.file}, so no answer can be stored`,
      {
        hint: "run that version, or channel-router trust --revoke, which forgets its answers",
      },
    );
  const answers = new Map(before);
  const time = new Date(nowMs).toISOString();
  for (const { power, value, component, hash } of powers) {
    answers.delete(hash);
    answers.set(hash, { power, value, component, hash, answer, time });
  }
  await write(location, [...answers.values()].slice(-Math.max(maxAnswers, powers.length)), all);
}

/** Deletes every answer, `declined` ones too. Rejects when the state folder cannot be written. */
export async function forgetAnswers(location: TrustLocation): Promise<void> {
  await write(location, [], false);
}

/**
 * Removes the answers of an earlier version from the file, and records that there were some. False when they
 * were removed already. Rejects when the state folder cannot be written.
 */
export async function dropOutdated(location: TrustLocation): Promise<boolean> {
  if ((await readTrust(location)).outdated !== "found") return false;
  await write(location, [], false, true);
  return true;
}

/** A file that others cannot write because of its folders, so that the next read accepts it. */
async function write(
  { file, config }: TrustLocation,
  powers: readonly Remembered[],
  all: boolean,
  outdated = false,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  for (const folder of foldersOf(file)) {
    const { mode, uid } = await stat(folder);
    if ((mode & othersMayWrite) !== 0 && isOurs(uid)) await chmod(folder, mode & 0o777 & ~othersMayWrite);
  }
  const content = { version, config, ...(all ? { all } : {}), ...(outdated ? { outdated } : {}), powers };
  await writeStateFile(file, `${JSON.stringify(content, null, 2)}\n`);
}

/** The state folder of the config and the state root: a user who may write there may replace this file. */
function foldersOf(file: string): string[] {
  const folder = dirname(file);
  return [folder, dirname(folder)];
}

/**
 * Rejects when others may write the file. The content that is read is that of the file that was checked,
 * whatever replaces it.
 */
async function readOwn(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await checkOwn(handle, file);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

async function checkOwn(handle: FileHandle, file: string): Promise<void> {
  const found = await handle.stat();
  if (!found.isFile()) throw new Error("it is not a file");
  if (found.size > maxBytes) throw new Error("it is too large");
  const folders = await Promise.all(foldersOf(file).map(async (path) => ({ path, ...(await statOf(path)) })));
  for (const { path, mode, uid } of [{ path: file, mode: found.mode, uid: found.uid }, ...folders]) {
    if (!isOurs(uid)) throw new Error(`${path} belongs to another user`);
    if (process.platform !== "win32" && (mode & othersMayWrite) !== 0)
      throw new Error(`others may write ${path} (mode ${(mode & 0o777).toString(8)}): chmod go-w ${path}`);
  }
}

async function statOf(path: string): Promise<{ readonly mode: number; readonly uid: number }> {
  const { mode, uid } = await stat(path);
  return { mode, uid };
}

/** Where the system has no user ids, the current user owns it. */
function isOurs(uid: number): boolean {
  return process.getuid === undefined || uid === process.getuid();
}

class Outdated extends Error {}
class Newer extends Error {}

function readAnswers(content: unknown, config: string): Pick<TrustMemory, "answers" | "all" | "outdated"> {
  const { version: found, config: about, powers, all, outdated } = (content ?? {}) as Record<string, unknown>;
  if (found === 1) throw new Outdated();
  if (typeof found === "number" && found > version)
    throw new Newer(`a newer channel-router wrote it (version ${found}); run that one`);
  if (found !== version || !Array.isArray(powers)) throw new Error("it is not what this version writes");
  if (about !== config) throw new Error("it is about another config file");
  const answers = new Map(
    powers.map((one: unknown) => {
      if (!isRemembered(one)) throw new Error("it is not what this version writes");
      return [one.hash, one] as const;
    }),
  );
  return { answers, all: all === true, ...(outdated === true ? { outdated: "noted" } : {}) };
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== "object" || value === null) return false;
  const { hash, answer } = value as Partial<Remembered>;
  return typeof hash === "string" && (answer === "trusted" || answer === "declined");
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
