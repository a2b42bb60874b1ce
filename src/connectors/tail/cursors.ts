// The persistent state of a tail: how far each file was read, and which patterns were looked up before.

import type { Store } from "../../contract/host.ts";
import type { Json } from "../../contract.ts";
import { isObject } from "../../json.ts";
import { type Fingerprint, fingerprintOf } from "./fingerprint.ts";

export interface Cursor {
  readonly path: string;
  readonly offset: number;
  readonly generation: string;
  readonly fingerprint: Fingerprint;
}

export interface Cursors {
  get(id: string): Cursor | undefined;
  /** By id. */
  all(): readonly (readonly [id: string, cursor: Cursor])[];
  /** Settles when durable; does nothing when it already is. */
  save(id: string, cursor: Cursor): Promise<void>;
  forget(id: string): Promise<void>;
  /** Forgets the oldest entries that are not protected, when there are too many. */
  prune(keep: ReadonlySet<string>): Promise<void>;
  isKnownPattern(written: string): boolean;
  rememberPattern(written: string): Promise<void>;
}

/** Of files that are missing at the moment. */
const mostAbsent = 10_000;
const patternPrefix = "pattern:";

export function createCursors(store: Store): Cursors {
  const saved = new Map<string, string>();

  function read(): [string, Cursor][] {
    return store.entries().flatMap(([id, value]) => {
      const cursor = id.startsWith(patternPrefix) ? undefined : cursorOf(value);
      return cursor === undefined ? [] : [[id, cursor] as [string, Cursor]];
    });
  }

  return {
    get: (id) => cursorOf(store.get(id)),
    all: read,
    async save(id, cursor) {
      const { path, offset, generation, fingerprint } = cursor;
      const value = { path, offset, generation, head: [fingerprint.bytes, fingerprint.hash] };
      const text = JSON.stringify(value);
      if (saved.get(id) === text) return;
      await store.set(id, value);
      saved.set(id, text);
    },
    async forget(id) {
      saved.delete(id);
      if (store.get(id) !== undefined) await store.set(id, null);
    },
    async prune(keep) {
      const absent = read().filter(([id]) => !keep.has(id));
      const many = absent.slice(0, Math.max(0, absent.length - mostAbsent));
      await Promise.all(many.map(([id]) => store.set(id, null)));
    },
    isKnownPattern: (written) => store.get(patternPrefix + written) !== undefined,
    rememberPattern: (written) => store.set(patternPrefix + written, true),
  };
}

function cursorOf(value: Json | undefined): Cursor | undefined {
  if (!isObject(value)) return undefined;
  const { path, offset, generation, head } = value;
  if (typeof path !== "string" || typeof offset !== "number" || typeof generation !== "string")
    return undefined;
  return { path, offset, generation, fingerprint: fingerprintOf(head) };
}

/**
 * A device number changes with a mount or a reboot; the same inode with the same beginning is the same file.
 */
export function inodeOf(id: string): string {
  return id.slice(id.indexOf(":") + 1);
}
