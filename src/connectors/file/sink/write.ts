// Writes the content of one call of a file sink, so that no link leads it out of the folder: the folder is
// resolved first, and the file itself is never opened through a link.

import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, realpath, rename, unlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { OutgoingFile, SinkAnswer, SinkHost } from "../../../contract/sink.ts";
import { DeliveryError, isRouterError } from "../../../errors.ts";
import { isSameFile, partsBelow } from "../../../files/open-file.ts";
import { protectedFolder } from "../../../files/protected-places.ts";
import { line } from "../../../text.ts";
import { isWithin } from "../../../within.ts";

const ownerOnly = 0o600;
/** A file may be rotated away between opening it and the check. */
const mostTries = 3;

type SinkContext = Pick<SinkHost, "folder" | "home" | "closed" | "bounds">;

export async function writeOutgoing(outgoing: OutgoingFile, context: SinkContext): Promise<SinkAnswer> {
  const { folder, file, mode, content } = outgoing;
  const path = join(folder, file);
  try {
    const planned = await whereItWillBe(folder);
    const hidden = protectedFolder(planned, context.home);
    if (hidden !== undefined) throw failed(folder, hidden);
    await demandBounds(join(planned, file), path, context);
    await mkdir(folder, { recursive: true });
    const real = await realpath(folder);
    if (isWithin(folder, context.folder) && !isWithin(real, await realpath(context.folder)))
      throw failed(folder, "a link leads it out of the config's folder");
    const target = join(real, file);
    const why = protectedFolder(real, context.home) ?? (await whyClosed(target, context));
    if (why !== undefined) throw failed(target, why);
    await demandBounds(target, path, context);
    if (mode === "append") await append(target, content);
    else await replace(real, file, content);
  } catch (error) {
    if (isRouterError(error)) throw error;
    throw failed(path, reasonOf(error as NodeJS.ErrnoException), error);
  }
  const bytes = Buffer.byteLength(content);
  const done = mode === "append" ? "added to" : "written to";
  const text = line`${bytes} bytes ${done} ${file}`;
  return { text, own: text, response: { file, path, bytes } };
}

async function demandBounds(target: string, path: string, { bounds }: SinkContext): Promise<void> {
  const beyond = await bounds?.file(target);
  if (beyond !== undefined)
    throw new DeliveryError("E_CAPABILITY", `${path} is not written: it ${beyond}`, { retryable: false });
}

/** The folder without links, whether it exists or not. */
async function whereItWillBe(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined) return join(real, relative(at, folder));
    if (dirname(at) === at) return folder;
  }
}

/** The router's own files, under any name. */
async function whyClosed(target: string, { closed }: SinkContext): Promise<string | undefined> {
  for (const file of closed?.files ?? [])
    if (target === file || (await isSameFile(target, file)))
      return "the config and the files that it reads are protected";
  for (const root of closed?.stateRoots ?? []) {
    const [first] = (await partsBelow(dirname(target), root)) ?? ["-"];
    // The folder of the user config may be next to the state folder.
    if (first === undefined || /^(?:[0-9a-f]{16}|running)$/i.test(first))
      return "it belongs to the router's own state";
  }
  return undefined;
}

async function append(target: string, content: string): Promise<void> {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  for (let tries = 0; tries < mostTries; tries++) {
    const handle = await open(target, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW | O_NONBLOCK, ownerOnly);
    const isWritten = await using(handle, async () => {
      if (!(await handle.stat()).isFile()) throw failed(target, "it is not a file");
      if (!(await isStillAt(handle, target))) return false;
      await handle.appendFile(content);
      await handle.datasync();
      return true;
    });
    if (isWritten) return syncFolder(dirname(target));
  }
  throw failed(target, swapped);
}

/**
 * The entry of a new file is in its folder, which must be synced as well. Some file systems cannot do that.
 */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Readers see the old file or the new one, never half of it. */
async function replace(folder: string, file: string, content: string): Promise<void> {
  const target = join(folder, file);
  const found = await lstat(target).catch(() => undefined);
  if (found !== undefined && !found.isFile()) throw failed(target, "it is not a file");
  const temporary = join(folder, `.${randomUUID()}.tmp`);
  const handle = await open(temporary, "wx", ownerOnly);
  try {
    await using(handle, async () => {
      if (!(await isStillAt(handle, temporary))) throw failed(target, swapped);
      await handle.writeFile(content);
      await handle.datasync();
    });
    await rename(temporary, target);
    await syncFolder(folder);
  } catch (error) {
    await unlink(temporary).catch(() => undefined); // The write error is reported instead.
    throw error;
  }
}

const swapped = "another file replaced it in the meantime";

/**
 * Whether the opened file is still the one at the path, which has no links in it: a folder on the way may
 * have been replaced by a link.
 */
export async function isStillAt(handle: FileHandle, path: string): Promise<boolean> {
  const [opened, there, folder] = await Promise.all([
    handle.stat({ bigint: true }),
    lstat(path, { bigint: true }).catch(() => undefined),
    realpath(dirname(path)).catch(() => undefined),
  ]);
  return folder === dirname(path) && opened.dev === there?.dev && opened.ino === there.ino;
}

async function using<T>(handle: FileHandle, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await handle.close();
  }
}

const reasons: Readonly<Record<string, string>> = {
  ELOOP: "it is a link, and links are not followed",
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of its path is not a folder",
  EEXIST: "a part of its path is not a folder",
  EISDIR: "it is a folder",
  ENXIO: "it is not a file",
};

function reasonOf(error: NodeJS.ErrnoException): string {
  return reasons[error.code ?? ""] ?? error.code ?? error.message;
}

function failed(path: string, reason: string, cause?: unknown): DeliveryError {
  return new DeliveryError("E_SINK_FAILED", `${path} cannot be written: ${reason}`, {
    retryable: false,
    ...(cause === undefined ? {} : { cause }),
  });
}
