// One text for equal JSON values, whatever the order of their keys, and short fingerprints of it.

import { createHash } from "node:crypto";
import type { Json } from "../contract.ts";

export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key]!)}`);
  return `{${members.join(",")}}`;
}

const hashSign = "sha256:";

/**
 * The text itself while it is short, else its SHA-256: stored values stay small whatever an event contains.
 */
export function bounded(text: string, maxLength = 80): string {
  // A short text that looks like such a hash is hashed too: it must not be mistaken for the hash of a long
  // one.
  if (text.length <= maxLength && !text.startsWith(hashSign)) return text;
  return hashSign + createHash("sha256").update(text).digest("hex");
}

/**
 * The scope of a filter's memory: (channel, filter, that filter's own options). Equal options give an equal
 * scope, so editing anything else keeps the state of the filter.
 */
export function memoryScope(channel: string, filter: string, options: Json): string {
  const fingerprint = createHash("sha256").update(canonicalJson(options)).digest("hex").slice(0, 16);
  return `${channel}/${filter}/${fingerprint}`;
}
