// Whether a file may leave through a chat. Claude names it, and Claude reads what strangers write: so nothing of our own
// leaves, nothing that holds secrets by its name, and nothing of which it is not known what it really is.

import type { BigIntStats } from "node:fs";
import { lstat, opendir, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, isAbsolute, join, resolve, sep } from "node:path";
import type { ChatTraits, OutgoingFile } from "../contract/chat.ts";
import { UsageError } from "../errors.ts";
import { safeFileName } from "./file-name.ts";

export interface GuardRules {
  /** Folders of which nothing leaves. */
  readonly closedFolders: readonly string[];
  /** Folders inside those of which all may leave: the inbox. */
  readonly openFolders: readonly string[];
  /** Files that never leave, by whatever name: the config, `.env`. Those that are not there are no matter. */
  readonly closedFiles: readonly string[];
  /** Where a relative path starts: the session's project. */
  readonly cwd: string;
}

const secretNames =
  /^(\.env(\..*)?|\.credentials\.json|\.claude\.json|\.netrc|\.npmrc|\.pypirc|\.pgpass|\.git-credentials|\.htpasswd|id_(rsa|dsa|ecdsa|ed25519)(_sk)?)$/i;
/** Of what lies in them nobody sends anything. */
const secretFolders = /[\\/]\.(ssh|gnupg|aws)[\\/]/i;
/** What is no file, whatever the system says of it: the environment of a process is in there. */
const systemFolders = ["/proc", "/sys", "/dev"];

const maxLookedAt = 20_000;

/** Rejects with a UsageError (E_FILE) that says which file and why. Nothing is read. */
export async function guardFiles(
  paths: readonly string[],
  rules: GuardRules,
  { maxFiles, maxFileBytes }: Pick<ChatTraits, "maxFiles" | "maxFileBytes">,
): Promise<OutgoingFile[]> {
  if (paths.length > maxFiles) {
    throw refused(
      maxFiles === 0
        ? "no files can be sent there"
        : `${paths.length} files are more than the ${maxFiles} that one message takes`,
    );
  }
  return Promise.all(paths.map((path) => guardFile(path, rules, maxFileBytes)));
}

async function guardFile(written: string, rules: GuardRules, maxBytes: number): Promise<OutgoingFile> {
  const expanded = written.startsWith("~/") ? join(homedir(), written.slice(2)) : written;
  const path = isAbsolute(expanded) ? expanded : resolve(rules.cwd, expanded);
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    throw refused(`${written} cannot be found (${error.code ?? "unknown"})`);
  });
  const [isClosed, isOpen, isSystem] = await Promise.all([
    isInside(real, rules.closedFolders),
    isInside(real, rules.openFolders),
    isInside(real, systemFolders),
  ]);
  if (isSystem) throw refused(`${written} is part of the system`);
  if (isClosed && !isOpen) throw refused(`${written} belongs to channel-router's own state`);
  const found = await lstat(real, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    throw refused(`${written} cannot be read (${error.code ?? "unknown"})`);
  });
  if (!found.isFile()) throw refused(`${written} is no file`);
  // Whoever put a link into its path meanwhile would have another file looked at than was judged.
  if ((await realpath(real).catch(() => undefined)) !== real) throw refused(`${written} has just been moved`);
  const isSecret = [basename(real), basename(path)].some((name) => secretNames.test(name));
  if (isSecret || secretFolders.test(real)) throw refused(`${written} is a file for secrets by its name`);
  for (const closed of rules.closedFiles) {
    const other = await stat(closed, { bigint: true }).catch(() => undefined); // Not there: then it is not this one.
    // A hard link has another path and is the same file.
    if (other !== undefined && isSame(other, found)) throw refused(`${written} is ${closed}`);
  }
  if (found.nlink > 1n && (await isLinkInto(found, rules)))
    throw refused(`${written} belongs to channel-router's own state`);
  const bytes = Number(found.size);
  if (bytes === 0) throw refused(`${written} is empty`);
  if (bytes > maxBytes)
    throw refused(`${written} has ${megabytes(bytes)} MB; at most ${megabytes(maxBytes)} MB can be sent`);
  return { path: real, id: `${found.dev}:${found.ino}`, name: safeFileName(basename(path)), bytes };
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** Has the file another name in one of the closed folders? True, too, where they hold too much to be looked through. */
async function isLinkInto(found: BigIntStats, { closedFolders, openFolders }: GuardRules): Promise<boolean> {
  const open = new Set(await Promise.all(openFolders.map((folder) => realpath(folder).catch(() => folder))));
  const folders = await Promise.all(closedFolders.map((folder) => realpath(folder).catch(() => folder)));
  let left = maxLookedAt;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (open.has(folder)) continue;
    const entries = await opendir(folder).catch(() => undefined); // Not there: nothing is in it.
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

async function isInside(real: string, folders: readonly string[]): Promise<boolean> {
  for (const folder of folders) {
    // One that is not there yet has nothing inside.
    const root = await realpath(folder).catch(() => undefined);
    if (root !== undefined && (real === root || real.startsWith(root.endsWith(sep) ? root : root + sep)))
      return true;
  }
  return false;
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0);
}

function refused(message: string): UsageError {
  return new UsageError("E_FILE", message);
}
