// Recorded texts: `__snapshots__/NAME.json` beside the file of the tests, each text as its lines, so that a
// change is easy to read in a review.

import { lstatSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../errors.ts";
import { readRegularSync } from "../regular-file.ts";

export interface Snapshots {
  readonly file: string;
  /** Undefined when there is none yet. */
  read(key: string): string | undefined;
  /** The current text; stored by `save`. */
  note(key: string, text: string): void;
  /** Snapshots that no test used. */
  unused(): readonly string[];
  /**
   * Writes the noted texts, and with `keep` also the others; true when the file changed. Without any the file
   * is deleted.
   */
  save(keep: boolean): boolean;
}

/** Throws a UsageError when there is a file that is not a snapshot file. */
export function openSnapshots(testFile: string): Snapshots {
  const file = join(dirname(testFile), "__snapshots__", `${basename(testFile).replace(/\.ya?ml$/, "")}.json`);
  refuseLinks(file);
  const written = readText(file);
  const kept = written === undefined ? {} : parse(written, file);
  const noted = new Map<string, string>();
  return {
    file,
    read: (key) => (Object.hasOwn(kept, key) ? (kept[key] as readonly string[]).join("\n") : undefined),
    note: (key, text) => noted.set(key, text),
    unused: () => Object.keys(kept).filter((key) => !noted.has(key)),
    save(keep) {
      const all = new Map<string, readonly string[]>(keep ? Object.entries(kept) : []);
      for (const [key, text] of noted) all.set(key, text.split("\n"));
      const entries = [...all];
      const text =
        entries.length === 0 ? undefined : `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
      if (text === written) return false;
      if (text === undefined) rmSync(file, { force: true });
      else {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
      return true;
    },
  };
}

/**
 * Snapshots of a repository are written without a question: a link would lead the text, or a removal, to any
 * file of the user.
 */
function refuseLinks(file: string): void {
  for (const path of [dirname(file), file])
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true)
      throw new UsageError("E_USAGE", `${path} is a link: snapshots are stored only beside their tests`);
}

function readText(file: string): string | undefined {
  try {
    return readRegularSync(file).toString("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text: string, file: string): Readonly<Record<string, readonly string[]>> {
  try {
    const value: unknown = JSON.parse(text);
    const isSnapshots =
      typeof value === "object" &&
      value !== null &&
      Object.values(value).every(
        (lines) => Array.isArray(lines) && lines.every((line) => typeof line === "string"),
      );
    if (isSnapshots) return value as Readonly<Record<string, readonly string[]>>;
  } catch {
    // Reported below, with what to do.
  }
  throw new UsageError("E_USAGE", `${file} contains no snapshots`, {
    hint: "remove it, and record them with --update",
  });
}
