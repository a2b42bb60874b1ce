// Tells from one look to the next what has happened to files. Many writes are one change: a file is told of when it has been left
// alone for a while.

import { dirname } from "node:path";
import type { Findings, FoundFile } from "../../files/search.ts";

/** As much of a file as says whether it is another one, or was written to. */
export interface Mark {
  readonly id: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** Its event is safe, and it is still to be moved away. */
  readonly toMove?: boolean;
}

export type Change =
  | { readonly kind: "created" | "changed"; readonly path: string; readonly file: FoundFile }
  | { readonly kind: "removed"; readonly path: string; readonly mark: Mark };

export interface Changes {
  /** What has settled by now. It comes again at each look until it is `done`. */
  look(findings: Findings, nowMs: number): Change[];
  /** It was told; `toMove` goes into what is known of the file. */
  done(change: Change, toMove: boolean): Mark | undefined;
  /** When the next one settles; undefined when nothing is going on. */
  dueMs(): number | undefined;
}

interface Unsettled {
  readonly mark: Mark | undefined;
  readonly sinceMs: number;
}

/** `known`: what has been told before, by path; changed in place. */
export function createChanges(known: Map<string, Mark>, settleMs: number): Changes {
  const unsettled = new Map<string, Unsettled>();

  function settles(path: string, mark: Mark | undefined, nowMs: number): boolean {
    const before = unsettled.get(path);
    if (before !== undefined && isSame(before.mark, mark)) return nowMs >= before.sinceMs + settleMs;
    unsettled.set(path, { mark, sinceMs: nowMs });
    return false;
  }

  return {
    look({ files, refused }, nowMs) {
      const changes: Change[] = [];
      for (const [path, file] of files) {
        const told = known.get(path);
        if (isSame(told, file)) unsettled.delete(path);
        else if (settles(path, file, nowMs))
          changes.push({ kind: told === undefined ? "created" : "changed", path, file });
      }
      for (const [path, mark] of known) {
        if (files.has(path)) continue;
        // What cannot be looked at is not gone.
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

/** It, or a folder that it lies in, could not be looked at. */
function isHidden(path: string, refused: ReadonlyMap<string, string>): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (refused.has(at)) return true;
    if (at === dirname(at)) return false;
  }
}

export function markOf({ id, size, modifiedMs }: Mark): Mark {
  return { id, size, modifiedMs };
}

export function isSame(a: Mark | undefined, b: Mark | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.id === b.id && a.size === b.size && a.modifiedMs === b.modifiedMs;
}
