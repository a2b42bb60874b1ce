// The key under which a filter remembers an event: a template in the config, rendered on the event.

import type { Memory, MemoryEntry, View } from "../contract.ts";
import { TemplateError } from "../errors.ts";
import { hasKeyParts, keyText } from "../key-parts.ts";
import { bounded } from "./canonical.ts";

/** Undefined when a part of the key is empty on this event: then it has no key. May throw a TemplateError. */
export type KeyReader = (view: View) => string | undefined;

/** How many keys one filter of one channel remembers; the oldest are removed first. */
export const maxKeysPerScope = 10_000;

export type MemoryKey = RememberedKey | { readonly none: string };

export interface RememberedKey {
  readonly key: string;
  /**
   * The key in the format from before keys had parts, if it differs: there `a/b` and `c` were the same as `a`
   * and `b/c`.
   */
  readonly former?: string;
}

const maxLength = 200;

/**
 * The value stored under the key, also by a version with the older format: it stays valid until it expires.
 */
export function recall(
  memory: Memory,
  scope: string,
  { key, former }: RememberedKey,
): MemoryEntry | undefined {
  return memory.get(scope, key) ?? (former === undefined ? undefined : memory.get(scope, former));
}

/** `none`: why this event has no key, for the trace. */
export function memoryKey(keyOf: KeyReader, view: View): MemoryKey {
  let key: string | undefined;
  try {
    key = keyOf(view);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { none: `the key failed: ${error.message}` };
  }
  if (key === undefined || key === "") return { none: "a part of the key is empty" };
  const kept = { key: bounded(key, maxLength) };
  return hasKeyParts(key) ? { ...kept, former: bounded(keyText(key), maxLength) } : kept;
}
