// Whether a newer version of this program wrote to the journal. What it wrote is not understood, so it is
// neither read, nor changed, nor deleted, and a process that cannot read it must not lead.

import { basename } from "node:path";
import { DeliveryError } from "../errors.ts";
import { codeOf } from "../files/disk.ts";
import { openRegular } from "../regular-file.ts";
import { type JournalFile, listFolder } from "./files.ts";
import { version } from "./records.ts";

/** Longer than the first line of any journal file. */
const headBytes = 1_024;

/** Whether these bytes are a line of a newer version, whatever else has changed with it. */
export function isNewerLine(bytes: Buffer): boolean {
  const [, number] = /^\{\s*"v"\s*:\s*(\d{1,50})\s*[,}]/.exec(bytes.toString("latin1", 0, 64)) ?? [];
  return number !== undefined && Number(number) > version;
}

/** The first of these files that begins with a line of a newer version. Rejects when one is unreadable. */
export async function findNewer(files: readonly JournalFile[]): Promise<string | undefined> {
  const found = await Promise.all(
    files.map(async ({ path }) => ((await beginsNewer(path)) ? path : undefined)),
  );
  return found.find((path) => path !== undefined);
}

async function beginsNewer(path: string): Promise<boolean> {
  try {
    const file = await openRegular(path);
    const head = Buffer.alloc(headBytes);
    const { bytesRead } = await file.read(head, 0, headBytes, 0).finally(() => file.close());
    return isNewerLine(head.subarray(0, bytesRead));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false; // Retention of a leader that still runs.
    throw error;
  }
}

export function newerFormat(path: string): DeliveryError {
  return new DeliveryError(
    "E_JOURNAL_NEWER",
    `a newer channel-router wrote ${basename(path)} of the journal`,
    {
      retryable: false,
      hint: "run that version again, or move the journal's folder away; nothing in it was changed",
    },
  );
}

/**
 * Why this program cannot own the journal in this folder; undefined when it can. Reads only the heads of
 * files.
 */
export async function journalFault(folder: string): Promise<string | undefined> {
  try {
    const { segments, snapshots } = await listFolder(folder);
    const newer = await findNewer([...segments, ...snapshots]);
    return newer === undefined ? undefined : newerFormat(newer).message;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return `the journal cannot be read: ${(error as Error).message}`;
  }
}

/** The highest term that left a file in the journal; 0 if there is none. */
export async function highestTerm(folder: string): Promise<number> {
  const { segments, snapshots } = await listFolder(folder).catch(() => ({ segments: [], snapshots: [] }));
  return Math.max(0, ...[...segments, ...snapshots].map(({ epoch }) => epoch));
}
