// JSON from outside, with every digit of its numbers: bounded in depth, and without keys that could set a prototype in a later copy. Its faults are said in the same
// words under every version of Node.

import type { Json, JsonObject } from "../contract.ts";
import { readJson } from "../json.ts";
import { findJsonFault } from "./json-fault.ts";

const maxDepth = 100;

export type ParsedJson = { readonly data: Json } | { readonly fault: string };

export function parseJson(text: string): ParsedJson {
  return bounded(read(text, 0));
}

/** One value in each line, as a list. */
export function parseJsonLines(text: string): ParsedJson {
  const data: Json[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const value = read(line, index);
    if ("fault" in value) return value;
    data.push(value.data);
  }
  return bounded({ data });
}

/** Of a text that nobody called JSON: an object or a list if it is one, else the text. A fault only when it is too deep. */
export function guessJson(text: string): ParsedJson {
  if (!/^\s*[[{]/.test(text)) return { data: text };
  try {
    return bounded({ data: readJson(text) });
  } catch {
    return { data: text };
  }
}

function read(text: string, linesBefore: number): ParsedJson {
  try {
    return { data: readJson(text) };
  } catch {
    const { line, column, message } = findJsonFault(text);
    return { fault: `invalid JSON at line ${line + linesBefore} column ${column}: ${message}` };
  }
}

function bounded(parsed: ParsedJson): ParsedJson {
  if ("fault" in parsed || harmless(parsed.data, 1)) return parsed;
  return { fault: `the JSON is nested deeper than ${maxDepth} levels` };
}

/** Drops `__proto__` keys on the way; false as soon as something lies deeper than is taken. */
function harmless(value: Json, depth: number): boolean {
  if (!isNested(value)) return true;
  if (depth > maxDepth) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (isNested(item) && !harmless(item, depth + 1)) return false;
    return true;
  }
  for (const key in value) {
    // The parser makes it a key like any other: what is read from it here is data, not the prototype.
    if (key === "__proto__") Reflect.deleteProperty(value, key);
    else if (isNested(value[key] as Json) && !harmless(value[key] as Json, depth + 1)) return false;
  }
  return true;
}

function isNested(value: Json): value is Json[] | JsonObject {
  return typeof value === "object" && value !== null;
}
