// JSON from outside, with every digit of its numbers: bounded in depth, and without keys that could set a
// prototype in a later copy. Error messages are the same in every version of Node.

import type { Json } from "../contract.ts";
import {
  hasTooManyValues,
  isBounded,
  maxJsonDepth,
  maxJsonValues,
  readJson,
  TooManyValues,
} from "../json.ts";
import { findJsonFault } from "./json-fault.ts";

export type ParsedJson = { readonly data: Json } | { readonly fault: string };

export function parseJson(text: string): ParsedJson {
  return bounded(read(text, 0));
}

/** One value per line, as a list. */
export function parseJsonLines(text: string): ParsedJson {
  if (hasTooManyValues(text)) return { fault: new TooManyValues().message };
  const data: Json[] = [];
  let index = 0;
  for (let start = 0; start <= text.length; index++) {
    if (index > maxJsonValues)
      return { fault: `there are more than ${maxJsonValues.toLocaleString("en")} lines` };
    const found = text.indexOf("\n", start);
    const end = found === -1 ? text.length : found;
    const line = text.slice(start, end);
    start = end + 1;
    if (line.trim() === "") continue;
    const value = read(line, index);
    if ("fault" in value) return value;
    data.push(value.data);
  }
  return bounded({ data });
}

/**
 * For a text without a declared type: an object or a list if it is one, else the text. A fault only when it
 * is too deep or has too many values.
 */
export function guessJson(text: string): ParsedJson {
  if (!/^\s*[[{]/.test(text)) return { data: text };
  try {
    return bounded({ data: readJson(text) });
  } catch (error) {
    return error instanceof TooManyValues ? { fault: error.message } : { data: text };
  }
}

function read(text: string, linesBefore: number): ParsedJson {
  try {
    return { data: readJson(text) };
  } catch (error) {
    if (error instanceof TooManyValues) return { fault: error.message };
    const { line, column, message } = findJsonFault(text);
    return { fault: `invalid JSON at line ${line + linesBefore} column ${column}: ${message}` };
  }
}

function bounded(parsed: ParsedJson): ParsedJson {
  if ("fault" in parsed || isBounded(parsed.data)) return parsed;
  return { fault: `the JSON is nested deeper than ${maxJsonDepth} levels` };
}
