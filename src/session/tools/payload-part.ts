// Finds the parts of an event: reads a dotted path, and lists the available parts with sizes. Only own
// members are read, so `__proto__` and `constructor` are plain keys.

import type { Json, RouterEvent } from "../../contract.ts";
import { tokensOf } from "../../text/tokens.ts";

/** The parts of an event that came from outside. Credentials were removed before it was stored. */
const roots = ["data", "text", "headers", "query", "params", "path", "method", "remote", "sender"] as const;

const segment = /(?:^|\.)([^.[\]\s"']+)|\[(\d{1,9})\]|\[(?:"([^"]+)"|'([^']+)')\]/y;

/**
 * The value at `data.items[0].name`, `headers.x-github-event`, `data["a key"]`; a path that begins with no
 * root is read under `data`. Undefined where there is none.
 */
export function readPart(event: RouterEvent, path: string): Json | undefined {
  const keys = parse(path);
  if (keys === undefined) return undefined;
  const isRooted = (roots as readonly string[]).includes(keys[0] ?? "");
  return (isRooted ? descend(exposed(event), keys) : undefined) ?? descend(event.data, keys);
}

function parse(path: string): string[] | undefined {
  const keys: string[] = [];
  segment.lastIndex = 0;
  while (segment.lastIndex < path.length) {
    const found = segment.exec(path);
    if (found === null) return undefined;
    keys.push((found[1] ?? found[2] ?? found[3] ?? found[4]) as string);
  }
  return keys;
}

function exposed(event: RouterEvent): Json {
  const parts = roots.filter((root) => event[root] !== undefined).map((root) => [root, event[root]]);
  return Object.fromEntries(parts) as Json;
}

function descend(start: Json, keys: readonly string[]): Json | undefined {
  let value: Json | undefined = start;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, Json>)[key];
  }
  return value;
}

export interface Part {
  readonly path: string;
  readonly tokens: number;
}

/**
 * The parts below `at` that `event` can show, in their own order: the members of an object or list, or the
 * event's roots.
 */
export function partsOf(event: RouterEvent, at?: string): Part[] {
  const value = at === undefined ? exposed(event) : readPart(event, at);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([key, member]) => ({
    path: at === undefined ? key : at + step(key, Array.isArray(value)),
    tokens: tokensOf(textOf(member).length),
  }));
}

function step(key: string, isList: boolean): string {
  if (isList) return `[${key}]`;
  return /^[^.[\]\s"']+$/.test(key) ? `.${key}` : `["${key}"]`;
}

/** A text as it is; anything else as JSON on one line. */
export function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
