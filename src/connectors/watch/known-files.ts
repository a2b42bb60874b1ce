// The persistent state of a watch: the files that it has reported, so that changes while it is down are
// reported afterwards, and nothing twice.

import type { Store } from "../../contract/host.ts";
import type { Json } from "../../contract.ts";
import type { FileMark } from "./changes.ts";

export interface KnownFiles {
  /** By path; the caller keeps it up to date. */
  readonly marks: Map<string, FileMark>;
  isKnownPattern(written: string): boolean;
  rememberPattern(written: string): Promise<void>;
  /** Settle when durable. */
  remember(path: string, mark: FileMark): Promise<void>;
  forget(path: string): Promise<void>;
}

const patternPrefix = "pattern:";
const filePrefix = "file:";

export function openKnownFiles(store: Store): KnownFiles {
  const marks = new Map<string, FileMark>();
  for (const [key, value] of store.entries()) {
    const mark = key.startsWith(filePrefix) ? markFrom(value) : undefined;
    if (mark !== undefined) marks.set(key.slice(filePrefix.length), mark);
  }
  return {
    marks,
    isKnownPattern: (written) => store.get(patternPrefix + written) !== undefined,
    rememberPattern: (written) => store.set(patternPrefix + written, true),
    remember: (path, { id, size, modifiedMs, toMove = false }) =>
      store.set(filePrefix + path, [id, size, modifiedMs, toMove]),
    forget: (path) => store.set(filePrefix + path, null),
  };
}

function markFrom(value: Json): FileMark | undefined {
  const [id, size, modifiedMs, toMove] = Array.isArray(value) ? value : [];
  if (typeof id !== "string" || typeof size !== "number" || typeof modifiedMs !== "number") return undefined;
  return { id, size, modifiedMs, ...(toMove === true ? { toMove } : {}) };
}
