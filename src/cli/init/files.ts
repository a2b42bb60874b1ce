// The files that `init` writes: read, shown, written. A link is left alone: it leads to a file that is not the
// project's.

import { chmod, lstat, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { UsageError } from "../../errors.ts";
import { readRegular } from "../../regular-file.ts";
import { line, type SafeText } from "../../text.ts";
import { colors } from "../colors.ts";

export interface FileChange {
  readonly path: string;
  readonly before: string | undefined;
  readonly text: string;
  /** Only for its owner, and its values are not shown. */
  readonly isPrivate?: boolean;
  /** A file that exists keeps its mode, even a private one. */
  readonly keepsMode?: boolean;
}

/** Undefined when there is none. Throws a UsageError for a link, or for what is not a file. */
export async function readPresent(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new UsageError("E_USAGE", `${path} cannot be read: ${error.code}`);
  });
  if (found === undefined) return undefined;
  if (!found.isFile())
    throw new UsageError("E_USAGE", `${path} is ${found.isSymbolicLink() ? "a link" : "not a file"}`, {
      hint: "init leaves it alone; edit it by hand",
    });
  return (await readRegular(path)).toString("utf8");
}

/** The file's new lines; of a private one only the names of its variables. */
export function shownChange({ path, before, text, isPrivate = false }: FileChange): SafeText[] {
  const added = text.startsWith(before ?? "") ? text.slice(before?.length ?? 0) : between(before ?? "", text);
  const lines = added.split("\n").filter((one) => one.trim() !== "");
  const shown = isPrivate ? lines.map((one) => one.replace(/=.*/, "=...")) : lines;
  return [
    line`${colors.bold(before === undefined ? "new" : "changed")} ${path}${isPrivate ? " (only you can read it)" : ""}`,
    ...shown.map((one) => line`  ${colors.green(`+ ${one}`)}`),
  ];
}

/** The lines between the beginning and the end that both have. */
function between(before: string, after: string): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < old.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < old.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  return now.slice(start, now.length - end).join("\n");
}

/**
 * Before the first of several writes, so that none of them happens when one is refused. Rejects with a
 * UsageError for a file that is not as it was read.
 */
export async function checkUnchanged(changes: readonly Pick<FileChange, "path" | "before">[]): Promise<void> {
  // An empty file has nothing to lose.
  for (const { path, before } of changes)
    if (((await readPresent(path)) ?? "") !== (before ?? "")) throw changedMeanwhile(path);
}

/** Of a file that something else changed while the command fetched or asked. */
export function changedMeanwhile(path: string): UsageError {
  return new UsageError("E_USAGE", `${path} was changed while this command ran, and is left as it is`, {
    hint: "run the command again",
  });
}

/**
 * Replaces the file at once, so that no reader finds half of it. Rejects with a UsageError when the file is not
 * as it was read: edits of others are not overwritten.
 */
export async function writeChange(change: FileChange): Promise<void> {
  const { path, text, isPrivate = false, keepsMode = false } = change;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  const present = await lstat(path).catch(() => undefined);
  const kept = isPrivate && !keepsMode ? undefined : present?.mode;
  const mode = (kept ?? (isPrivate ? 0o600 : 0o644)) & 0o777;
  try {
    await writeFile(temporary, text, { mode, flag: "wx" });
    await chmod(temporary, mode);
    await checkUnchanged([change]);
    await rename(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") await rm(temporary, { force: true });
    throw error;
  }
}
