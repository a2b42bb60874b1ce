// A problem with a known offset in the config file's text, wording that messages share, and
// plain values by path (only own keys count).

import type { Document, ParsedNode } from "yaml";
import type { Json } from "../../contract.ts";

export type Path = readonly (string | number)[];

export interface Problem {
  /** Offset in the file's text, in UTF-16 units. */
  readonly at: number;
  readonly path: Path;
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** `channels.ci.from[0]` */
export function dotted(path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`),
    "",
  );
}

/** A text of the user in quotes, short, on one line, without terminal control characters. */
export function quoted(text: string, maxLength = 60): string {
  const short = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return JSON.stringify(short).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, "\uFFFD");
}

/** `"a", "b" or "c"` */
export function orList(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

/** The kind of a value, in YAML terms. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "a number";
  if (typeof value === "boolean") return value ? "true" : "false";
  return Array.isArray(value) ? "a list" : "a mapping";
}

/** A path as the key of a Map or Set. */
export function pathKey(path: Path): string {
  return path.join("\0");
}

export type ParsedDocument = Document.Parsed<ParsedNode>;

/** A raw warning: its location, and what to type instead. */
export interface LikelyMistake {
  readonly at: number;
  readonly message: string;
  readonly hint: string;
}

export function valueAt(root: Json, path: Path): Json | undefined {
  return path.reduce<Json | undefined>(childOf, root);
}

/** Ajv's JSON pointer (`instancePath`) as a path; positions in lists become numbers. */
export function pathOfPointer(root: Json, pointer: string): (string | number)[] {
  const path: (string | number)[] = [];
  let value: Json | undefined = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const step = Array.isArray(value) ? Number(key) : key;
    path.push(step);
    value = childOf(value, step);
  }
  return path;
}

function childOf(value: Json | undefined, key: string | number): Json | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string | number, Json>)[key];
}
