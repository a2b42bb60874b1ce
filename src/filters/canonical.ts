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

/** The text itself while it is short, else its SHA-256: what is remembered stays small whatever an event holds. */
export function bounded(text: string, maxLength = 80): string {
  // A short text that looks like such a hash is hashed too: it must not pass for the long one.
  if (text.length <= maxLength && !text.startsWith(hashSign)) return text;
  return hashSign + createHash("sha256").update(text).digest("hex");
}

/**
 * Where a filter's memory lives: (channel, filter, that filter's own options). Equal options give an equal scope, so an
 * edit of anything else keeps what the filter knows.
 */
export function memoryScope(channel: string, filter: string, options: Json): string {
  const fingerprint = createHash("sha256").update(canonicalJson(options)).digest("hex").slice(0, 16);
  return `${channel}/${filter}/${fingerprint}`;
}
