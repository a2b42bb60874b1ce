// Detects changes of files between two looks. Many writes are one change: a file is reported when it has not
// been written to for a while.

import { dirname } from "node:path";
import type { Findings, FoundFile } from "../../files/search.ts";

/** The attributes that show whether a file was replaced or written to. */
export interface FileMark {
  readonly id: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** Its event is durable, and it still has to be moved away. */
  readonly toMove?: boolean;
}

export type Change =
  | { readonly kind: "created" | "changed"; readonly path: string; readonly file: FoundFile }
  | { readonly kind: "removed"; readonly path: string; readonly mark: FileMark };

export interface Changes {
  /** Changes that have settled. They are returned at each look until `done`. */
  look(findings: Findings, nowMs: number): Change[];
  /** It was reported; `toMove` is stored with the known file. */
  done(change: Change, toMove: boolean): FileMark | undefined;
  /** When the next one settles; undefined when none is pending. */
  dueMs(): number | undefined;
}

interface Unsettled {
  readonly mark: FileMark | undefined;
  readonly sinceMs: number;
}

/** `known`: reported files by path; changed in place. */
export function createChanges(known: Map<string, FileMark>, settleMs: number): Changes {
  const unsettled = new Map<string, Unsettled>();

  function settles(path: string, mark: FileMark | undefined, nowMs: number): boolean {
    const before = unsettled.get(path);
    if (before !== undefined && isSame(before.mark, mark)) return nowMs >= before.sinceMs + settleMs;
    unsettled.set(path, { mark, sinceMs: nowMs });
    return false;
  }

  return {
    look({ files, refused }, nowMs) {
      const changes: Change[] = [];
      for (const [path, file] of files) {
        const reported = known.get(path);
        if (isSame(reported, file)) unsettled.delete(path);
        else if (settles(path, file, nowMs))
          changes.push({ kind: reported === undefined ? "created" : "changed", path, file });
      }
      for (const [path, mark] of known) {
        if (files.has(path)) continue;
        // A file that cannot be examined is not gone.
        if (!isHidden(path, refused) && settles(path, undefined, nowMs))
          changes.push({ kind: "removed", path, mark });
      }
      for (const path of unsettled.keys()) if (!files.has(path) && !known.has(path)) unsettled.delete(path);
      return changes;
    },
    done(change, toMove) {
      unsettled.delete(change.path);
      if (change.kind === "removed") {
        known.delete(change.path);
        return undefined;
      }
      const mark = toMove ? { ...markOf(change.file), toMove } : markOf(change.file);
      known.set(change.path, mark);
      return mark;
    },
    dueMs() {
      const times = [...unsettled.values()].map(({ sinceMs }) => sinceMs + settleMs);
      return times.length === 0 ? undefined : Math.min(...times);
    },
  };
}

/** The file, or a folder on its path, could not be examined. */
function isHidden(path: string, refused: ReadonlyMap<string, string>): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (refused.has(at)) return true;
    if (at === dirname(at)) return false;
  }
}

export function markOf({ id, size, modifiedMs }: FileMark): FileMark {
  return { id, size, modifiedMs };
}

export function isSame(a: FileMark | undefined, b: FileMark | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.id === b.id && a.size === b.size && a.modifiedMs === b.modifiedMs;
}
