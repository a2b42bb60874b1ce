// Dotted paths from a root of the View: `data.items[0].name`, `data.jobs[*].name`, `headers.x-github-event`,
// `data.labels["app.kubernetes.io/name"]`. Only own members are read, so `__proto__` and `constructor` are plain keys.

import type { Json, Root, View } from "../contract.ts";
import { isRoot, rootKind, suggestPath } from "./roots.ts";

export interface Path {
  /** As written. */
  readonly text: string;
  readonly root: Root;
  /** Values at this path are compared as text: everything but `data`, `inputs` and `vars`. */
  readonly textual: boolean;
  /** Set when the path has no `[*]`. Returns undefined for a missing value. */
  readonly readOne: ((view: View) => Json | undefined) | undefined;
  /** Every value at the path; none when it is missing. */
  readAll(view: View): readonly Json[];
}

/** The fault of a path, with the offset in its text. */
export interface PathProblem {
  readonly message: string;
  readonly offset: number;
  readonly hint?: string;
}

/** `index` is -1 for an invalid list position; `name` is undefined for `[0]`; `[*]` is neither. */
interface Segment {
  readonly name: string | undefined;
  readonly index: number;
  readonly each: boolean;
}

const segmentPattern =
  /(?:^|\.)(?<name>[^.[\]\s"']+)|\[(?<index>\d{1,9})\]|\[(?<each>\*)\]|\[(?:"(?<double>[^"]+)"|'(?<single>[^']+)')\]/y;

export function parsePath(text: string): Path | PathProblem {
  const segments: Segment[] = [];
  segmentPattern.lastIndex = 0;
  let offset = 0;
  while (offset < text.length) {
    const found = segmentPattern.exec(text)?.groups;
    if (found === undefined) return { offset, ...describeBreak(text, offset) };
    segments.push(toSegment(found));
    offset = segmentPattern.lastIndex;
  }
  const root = segments[0]?.name;
  if (root === undefined || text.startsWith("[")) {
    return { offset: 0, message: "a path begins with a root", hint: "for instance data.action" };
  }
  if (!isRoot(root)) {
    const hint = `did you mean ${suggestPath(root, text.slice(root.length))}?`;
    return { offset: 0, message: `"${root}" is not a root of an event`, hint };
  }
  return createPath(text, root, segments.slice(1));
}

function describeBreak(text: string, offset: number): { message: string; hint: string } {
  const message = `the path breaks off at ${JSON.stringify(text.slice(offset, offset + 12))}`;
  const hint = 'write data.items[0].name, data.jobs[*].name, or data["a key with dots"]';
  return { message, hint };
}

function toSegment(found: Record<string, string | undefined>): Segment {
  if (found.each !== undefined) return { name: undefined, index: -1, each: true };
  if (found.index !== undefined) return { name: undefined, index: Number(found.index), each: false };
  const name = found.name ?? found.double ?? found.single ?? "";
  return { name, index: /^\d{1,9}$/.test(name) ? Number(name) : -1, each: false };
}

function createPath(text: string, root: Root, written: readonly Segment[]): Path {
  // Header names are in lower case in every event, whatever the sender or the author wrote.
  const segments =
    root === "headers" ? written.map((s) => ({ ...s, name: s.name?.toLowerCase() })) : [...written];
  const readAll = (view: View) => collect(view[root] as Json | undefined, segments, 0, []);
  const isPlain = segments.every((segment) => !segment.each);
  return {
    text,
    root,
    textual: rootKind(root) !== "json",
    readOne: isPlain ? (view) => descend(view[root] as Json | undefined, segments) : undefined,
    readAll,
  };
}

function descend(start: Json | undefined, segments: readonly Segment[]): Json | undefined {
  let value = start;
  for (const segment of segments) value = member(value, segment);
  return value;
}

function member(value: Json | undefined, { name, index }: Segment): Json | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) return index >= 0 ? value[index] : undefined;
  return name !== undefined && Object.hasOwn(value, name) ? value[name] : undefined;
}

function collect(value: Json | undefined, segments: readonly Segment[], from: number, found: Json[]): Json[] {
  let current = value;
  for (let i = from; i < segments.length; i++) {
    const segment = segments[i]!;
    if (!segment.each) current = member(current, segment);
    else {
      if (Array.isArray(current)) for (const item of current) collect(item, segments, i + 1, found);
      return found;
    }
  }
  if (current !== undefined) found.push(current);
  return found;
}
