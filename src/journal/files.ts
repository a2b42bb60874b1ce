// The journal's folder: the names and the order of its files.

import type { Dirent } from "node:fs";
import { chmod, mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "../files/disk.ts";

/**
 * Orders segments and snapshots. A snapshot holds everything in the segments before its own position. `epoch` is
 * the term of the leader that wrote the file; the format has that name for it.
 */
export interface Order {
  readonly epoch: number;
  readonly seq: number;
}

export interface JournalFile extends Order {
  readonly path: string;
}

export interface Listing {
  /** Both in order. */
  readonly segments: readonly JournalFile[];
  readonly snapshots: readonly JournalFile[];
  /** Left by a process that died while it wrote a snapshot. */
  readonly unfinished: readonly string[];
  readonly setAside: readonly string[];
  /** Named like files of the journal, but none: pipes, folders, broken links, terms that no leader can have had. */
  readonly odd: readonly string[];
}

/** Of eight digits, as long as terms are not pushed up by a stray file. */
const pattern = /^(segment|snapshot)-(\d{8,15})-(\d{8,15})\.jsonl$/;
/** A file of a higher term was not made by a leader; terms above it could not be counted up. The same as for leader files. */
const maxEpoch = 2 ** 47;

export function segmentPath(folder: string, order: Order): string {
  return join(folder, `segment-${inName(order)}.jsonl`);
}

export function snapshotPath(folder: string, order: Order): string {
  return join(folder, `snapshot-${inName(order)}.jsonl`);
}

export function unfinishedPath(path: string): string {
  return `${path}.new`;
}

export function corruptPath(folder: string, timeMs: number): string {
  return join(folder, `corrupt-${new Date(timeMs).toISOString().replaceAll(":", "")}.jsonl`);
}

function inName({ epoch, seq }: Order): string {
  return `${String(epoch).padStart(8, "0")}-${String(seq).padStart(8, "0")}`;
}

export function compareOrder(a: Order, b: Order): number {
  return a.epoch - b.epoch || a.seq - b.seq;
}

/** A missing folder counts as empty. */
export async function listFolder(folder: string): Promise<Listing> {
  const all = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const isFile = new Map<string, boolean>();
  for (const one of all)
    isFile.set(one.name, !isAbsurd(one.name) && (await isRegular(one, join(folder, one.name))));
  const names = all.map(({ name }) => name).filter((name) => isFile.get(name));
  const found = names.flatMap((name) => {
    const [, kind, epoch, seq] = pattern.exec(name) ?? [];
    return kind === undefined
      ? []
      : [{ kind, path: join(folder, name), epoch: Number(epoch), seq: Number(seq) }];
  });
  const of = (wanted: string) => found.filter(({ kind }) => kind === wanted).sort(compareOrder);
  return {
    segments: of("segment"),
    snapshots: of("snapshot"),
    unfinished: names.filter((name) => name.endsWith(".new")).map((name) => join(folder, name)),
    setAside: names.filter((name) => name.startsWith("corrupt-")).map((name) => join(folder, name)),
    odd: [...isFile].flatMap(([name, is]) => (!is && pattern.test(name) ? join(folder, name) : [])),
  };
}

function isAbsurd(name: string): boolean {
  return Number(pattern.exec(name)?.[2] ?? 0) > maxEpoch;
}

async function isRegular(found: Dirent, path: string): Promise<boolean> {
  if (!found.isSymbolicLink()) return found.isFile();
  return stat(path).then(
    (target) => target.isFile(),
    () => false,
  );
}

/** Creates the folder, private to its user, and narrows the mode of an existing one. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { mode } = await stat(folder);
  if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
}
