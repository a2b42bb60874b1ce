// Whether a file may leave through a chat. Claude names it, and Claude reads messages of strangers. So only
// files in the project, in the inbox or in a folder that the config shares may leave without a question; the
// user decides about any other; and the router's own files and secrets never leave.

import type { BigIntStats } from "node:fs";
import { type FileHandle, lstat, opendir, readlink, realpath, stat, statfs } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, normalize, relative, resolve } from "node:path";
import type { ChatTraits, OutgoingFile } from "../contract/chat.ts";
import { isRouterError, UsageError } from "../errors.ts";
import { openReading, partsBelow } from "../files/open-file.ts";
import { lookAtContent } from "../files/secret-content.ts";
import { type Sensitivity, sensitivityOf } from "../files/secret-names.ts";
import { isWithin } from "../within.ts";
import type { Outbox } from "./outbox.ts";

export interface GuardRules {
  /** The router's state: nothing of it leaves, under any name. */
  readonly stateFolders: readonly string[];
  /** Further closed folders: Claude's own. */
  readonly closedFolders: readonly string[];
  /** The folder of received files: inside a closed one, but open. */
  readonly inbox: string;
  /** Files that never leave, under any name: the config, `.env`. Missing ones are ignored. */
  readonly closedFiles: readonly string[];
  /** The session's project: the base of relative paths, and what may leave. */
  readonly project: string;
  /** The home folder for `~`. */
  readonly home: string;
  /** Homes of the user: a project is never one of them, or above one. */
  readonly homes: readonly string[];
  /** Shared by the config in addition, with consent. */
  readonly shared: readonly {
    /** Absolute: a folder, or a file. */
    readonly base: string;
    fits(below: string): boolean;
  }[];
  /** Whether a text contains a secret of the config. */
  isOwnSecret(text: string): boolean;
  readonly outbox: Pick<Outbox, "keep" | "release">;
}

/**
 * A file that may leave when the user agrees to the reasons in `asks`; without reasons immediately. It is a
 * copy in the outbox.
 */
export interface GuardedFile extends OutgoingFile {
  /** Real path of the file itself. */
  readonly source: string;
  /** Why the user must be asked. */
  readonly asks: readonly string[];
  /** Of its content. */
  readonly hash: string;
}

/** Not files, whatever the system reports: they include the environment of processes. */
const systemFolders = ["/proc", "/sys", "/dev"];
/**
 * The same, wherever it is mounted: statfs(2) of proc, sysfs, debugfs, tracefs, securityfs, configfs, cgroup,
 * cgroup2, devpts, mqueue, bpf, pstore, efivarfs, selinuxfs.
 */
const systemTypes = new Set([
  0x9fa0, 0x62656572, 0x64626720, 0x74726163, 0x73636673, 0x62656570, 0x27e0eb, 0x63677270, 0x1cd1,
  0x19800202, 0xcafe4a11, 0x6165676c, 0xde5e81e4, 0xf97cff8c,
]);

const maxLookedAt = 20_000;
const maxPathLength = 4_096;

/** Rejects with a UsageError (E_FILE) that names the file and the reason. */
export async function guardFiles(
  paths: readonly string[],
  rules: GuardRules,
  { maxFiles, maxFileBytes }: Pick<ChatTraits, "maxFiles" | "maxFileBytes">,
): Promise<GuardedFile[]> {
  if (paths.length > maxFiles) {
    throw refused(
      maxFiles === 0
        ? "no files can be sent there"
        : `${paths.length} files are more than the ${maxFiles} that one message takes`,
    );
  }
  const guarded: GuardedFile[] = [];
  try {
    for (const path of paths) guarded.push(await guardFile(path, rules, maxFileBytes));
    return guarded;
  } catch (error) {
    rules.outbox.release(guarded);
    throw error;
  }
}

async function guardFile(written: string, rules: GuardRules, maxBytes: number): Promise<GuardedFile> {
  // A text with such a character does not visibly name its file.
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(written) || written.length > maxPathLength)
    throw refused("a path with a control character, or of more than 4,096 characters");
  const expanded = /^~[/\\]/.test(written) ? join(rules.home, written.slice(2)) : written;
  const path = normalize(isAbsolute(expanded) ? expanded : resolve(rules.project, expanded));
  if (systemFolders.some((folder) => isWithin(path, folder)))
    throw refused(`${written} is part of the system`);
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    throw refused(`${written} cannot be found (${error.code ?? "unknown"})`);
  });
  // Opening a device may have side effects.
  const before = await lstat(real).catch(() => undefined);
  if (before?.isFile() === false) throw refused(`${written} is not a file`);
  const handle = await openReading(real).catch((error: NodeJS.ErrnoException) => {
    throw refused(`${written} cannot be read (${error.code ?? "unknown"})`);
  });
  try {
    return await guardOpen({ written, path, real, handle }, rules, maxBytes);
  } catch (error) {
    if (isRouterError(error)) throw error;
    throw refused(`${written} cannot be copied (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  } finally {
    await handle.close();
  }
}

interface Opened {
  /** As Claude wrote it; the same, absolute; and without links. */
  readonly written: string;
  readonly path: string;
  readonly real: string;
  readonly handle: FileHandle;
}

async function guardOpen(opened: Opened, rules: GuardRules, maxBytes: number): Promise<GuardedFile> {
  const { written, path, real, handle } = opened;
  const found = await handle.stat({ bigint: true });
  if (!found.isFile()) throw refused(`${written} is not a file`);
  // If a link was put into its path meanwhile, the checked file would differ from the one that is read.
  if (!(await isAt(handle, found, real))) throw refused(`${written} has just been moved`);
  if (await isOfSystem(real)) throw refused(`${written} is part of the system`);
  const isInInbox = await lies(real, [rules.inbox]);
  if (!isInInbox && (await lies(real, [...rules.stateFolders, ...rules.closedFolders])))
    throw refused(`${written} belongs to the router's or Claude's own state`);
  for (const closed of rules.closedFiles) {
    const other = await stat(closed, { bigint: true }).catch(() => undefined); // Missing: then it is not this one.
    // A hard link has another path and is the same file.
    if (other !== undefined && isSame(other, found)) throw refused(`${written} is ${closed}`);
  }
  if (found.nlink > 1n && (await isLinkInto(found, rules)))
    throw refused(`${written} belongs to the router's or Claude's own state`);
  const bytes = Number(found.size);
  if (bytes === 0) throw refused(`${written} is empty`);
  if (bytes > maxBytes)
    throw refused(`${written} has ${megabytes(bytes)} MB; at most ${megabytes(maxBytes)} MB can be sent`);

  const asks: string[] = [];
  const { sensitivity, isOutside } = isInInbox
    ? { sensitivity: sensitivityOf(`/${basename(real)}`, rules), isOutside: false }
    : await locate(opened, rules);
  if (sensitivity === "secret") throw refused(`${written} is a file for secrets by its name`);
  if (isOutside) asks.push("it is outside the project");
  if (sensitivity === "sensitive") asks.push("files of that name often hold secrets");
  if (found.nlink > 1n) asks.push("the same file has another name elsewhere");

  const look = lookAtContent(rules.isOwnSecret);
  const copy = await rules.outbox.keep(basename(path), handle, bytes, look.push);
  if (copy === undefined) throw refused(`${written} was changed while it was read`);
  const content = look.found();
  if (content?.sensitivity === "secret") {
    rules.outbox.release([copy]);
    throw refused(`${written} looks like it contains ${content.what}`);
  }
  if (content !== undefined) asks.push(`it looks like it contains ${content.what}`);
  return { ...copy, source: real, asks };
}

/** Whether it is in an allowed folder, and the verdict on its names: the requested one and its own. */
async function locate(
  { path, real }: Opened,
  { project, home, homes, shared }: GuardRules,
): Promise<{ readonly sensitivity: Sensitivity | undefined; readonly isOutside: boolean }> {
  const isSeen = await isProject(project, homes);
  const places = [...(isSeen ? [{ base: project, fits: () => true }] : []), ...shared];
  const below: string[] = [];
  for (const { base, fits } of places) {
    const root = await realpath(base).catch(() => undefined); // Missing: it contains nothing.
    if (root === undefined || !isWithin(real, root)) continue;
    const rest = relative(root, real);
    if (fits(rest)) below.push(rest === "" ? basename(real) : rest);
  }
  const judged = (below.length === 0 ? [real] : below).map((one) =>
    sensitivityOf(real, { home, below: one }),
  );
  const named = sensitivityOf(path, { home, below: basename(path) });
  const isSecret = named === "secret" || judged.includes("secret");
  return {
    sensitivity: isSecret ? "secret" : judged.includes(undefined) ? named : "sensitive",
    isOutside: below.length === 0,
  };
}

/** A session in the home folder, or above it, has no project: everything would be in it. */
async function isProject(project: string, homes: readonly string[]): Promise<boolean> {
  const [root = "/", ...real] = await Promise.all(
    [project, ...homes].map((one) => realpath(one).catch(() => one)),
  );
  return dirname(root) !== root && !real.some((home) => isWithin(home, root));
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** Whether the open file is at this path, which has no links in it. */
async function isAt(handle: FileHandle, found: BigIntStats, real: string): Promise<boolean> {
  // Linux reports the path of an open file.
  const reported = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined);
  if (reported?.startsWith("/") === true && reported !== real) return false;
  const [there, again] = await Promise.all([
    lstat(real, { bigint: true }).catch(() => undefined),
    realpath(real).catch(() => undefined),
  ]);
  return there !== undefined && isSame(there, found) && again === real;
}

async function isOfSystem(real: string): Promise<boolean> {
  if (await lies(real, systemFolders)) return true;
  if (process.platform !== "linux") return false;
  const { type } = await statfs(real);
  return systemTypes.has(type >>> 0);
}

async function lies(real: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) if ((await partsBelow(dirname(real), folder)) !== undefined) return true;
  return false;
}

/** Has the file another name in our state? Also true when the state is too large to search. */
async function isLinkInto(found: BigIntStats, { stateFolders, inbox }: GuardRules): Promise<boolean> {
  const open = await realpath(inbox).catch(() => inbox);
  const folders = await Promise.all(stateFolders.map((folder) => realpath(folder).catch(() => folder)));
  let left = maxLookedAt;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (folder === open) continue;
    const entries = await opendir(folder).catch(() => undefined); // Missing: it contains nothing.
    for await (const entry of entries ?? []) {
      left -= 1;
      if (left < 0) return true;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      const other = await lstat(path, { bigint: true }).catch(() => undefined);
      if (other !== undefined && isSame(other, found)) return true;
    }
  }
  return false;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);
}

function refused(message: string): UsageError {
  return new UsageError("E_FILE", message);
}
