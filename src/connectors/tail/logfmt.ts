// logfmt: key=value pairs on one line, values with spaces in quotes. A key alone is true.

import type { JsonObject } from "../../contract.ts";

const pair = /([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?(?=\s|$)/y;
const maxFields = 200;

/** Undefined when the line does not consist of pairs alone, or has none with a value. */
export function parseLogfmt(line: string): JsonObject | undefined {
  const fields: [string, JsonObject[string]][] = [];
  let isFormat = false;
  let at = skipSpace(line, 0);
  while (at < line.length && fields.length < maxFields) {
    pair.lastIndex = at;
    const found = pair.exec(line);
    if (found === null) return undefined;
    const [whole, key = "", quoted, bare] = found;
    const hasValue = quoted !== undefined || bare !== undefined;
    isFormat ||= hasValue;
    fields.push([key, hasValue ? (quoted === undefined ? fieldValue(bare ?? "") : unescaped(quoted)) : true]);
    at = skipSpace(line, at + whole.length);
  }
  return isFormat ? Object.fromEntries(fields) : undefined;
}

function skipSpace(line: string, from: number): number {
  let at = from;
  while (line[at] === " " || line[at] === "\t") at += 1;
  return at;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}

// Fields parsed from text: numbers and booleans are converted, so that they can be compared.

/** Only canonical numbers are converted: `007` and `1.0` stay text. */
export function fieldValue(text: string): string | number | boolean {
  if (text === "true") return true;
  if (text === "false") return false;
  if (text === "" || text.length > 17 || !/^-?\d/.test(text)) return text;
  const number = Number(text);
  return String(number) === text ? number : text;
}
