// Values as lines of YAML in block style, for text that the user reads and edits.

import type { Json } from "../../contract.ts";
import { isObject } from "../../json.ts";

/** The lines of a mapping's entries. Absent values are left out. */
export function blockLines(value: { readonly [key: string]: Json | undefined }): string[] {
  return Object.entries(value).flatMap(([key, one]) =>
    one === undefined ? [] : entryLines(keyText(key), one),
  );
}

function entryLines(key: string, value: Json): string[] {
  if (Array.isArray(value) && value.length > 0) return [`${key}:`, ...indented(listLines(value))];
  if (isObject(value) && Object.keys(value).length > 0) return [`${key}:`, ...indented(blockLines(value))];
  if (typeof value === "string" && isBlockText(value)) return [`${key}: |-`, ...indented(value.split("\n"))];
  return [`${key}: ${scalarText(value)}`];
}

function listLines(values: readonly Json[]): string[] {
  return values.flatMap((one) => {
    const lines =
      isObject(one) && Object.keys(one).length > 0
        ? blockLines(one)
        : Array.isArray(one) && one.length > 0
          ? listLines(one)
          : [scalarText(one)];
    return lines.map((line, index) => `${index === 0 ? "-" : " "} ${line}`);
  });
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === "" ? "" : `  ${line}`));
}

/** Several lines without anything that a block would change. */
function isBlockText(text: string): boolean {
  return (
    /^[^\n]+(?:\n[^\n]+)+$/.test(text) &&
    !/^\s|[^\S\n]$|[^\S\n]\n|\t/m.test(text) &&
    !hasStrangeCharacters(text)
  );
}

function hasStrangeCharacters(text: string): boolean {
  return /[^\P{C}\n]|[\u2028\u2029\u0085\ufeff]/u.test(text);
}

function keyText(key: string): string {
  return /^[A-Za-z][\w.-]*$/.test(key) && !isWord(key) ? key : JSON.stringify(key);
}

/** In JSON, which is YAML, but for plain words. */
function scalarText(value: Json): string {
  if (typeof value !== "string") return JSON.stringify(value);
  const isPlain = /^[A-Za-z][\w./ -]*$/.test(value) && !/\s$/.test(value) && !isWord(value);
  return isPlain ? value : JSON.stringify(value);
}

/** What some reader of YAML takes for another value. */
function isWord(text: string): boolean {
  return /^(?:true|false|null|yes|no|on|off|y|n|nan|inf)$/i.test(text);
}
