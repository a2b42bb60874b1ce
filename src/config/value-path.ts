// Looks up plain values by path; only own keys count.

import type { Json } from "../contract.ts";
import type { Path } from "./yaml/problem.ts";

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
