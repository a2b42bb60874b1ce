// The key under which a filter remembers an event: a template of the author's, rendered on the event.

import type { View } from "../contract.ts";
import { TemplateError } from "../errors.ts";
import { bounded } from "./canonical.ts";

/** Gives undefined when a part of the key is empty on this event: then there is no key. May throw a TemplateError. */
export type KeyOf = (view: View) => string | undefined;

/** How many keys one filter of one channel remembers; the oldest go first. */
export const maxKeysPerScope = 10_000;

export type MemoryKey = { readonly key: string } | { readonly none: string };

/** `none`: why this event has no key, for the trace. */
export function memoryKey(keyOf: KeyOf, view: View): MemoryKey {
  let key: string | undefined;
  try {
    key = keyOf(view);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { none: `the key failed: ${error.message}` };
  }
  return key === undefined || key === ""
    ? { none: "a part of the key is empty" }
    : { key: bounded(key, 200) };
}
