// JSON as block-style YAML, for reading. Every YAML 1.2 parser reads back the same value; a test does so with
// the parser of the config room. Never an anchor, a tag or a folded line. Ambiguous strings are written as
// JSON strings, which YAML reads unchanged.

import { maxOutputLength } from "../limits.ts";

const plain = /^[\p{L}_/][\p{L}\p{N}_./@+()%$&=;~^<> -]*$/u;
const notText = /^(?:null|true|false|yes|no|on|off|y|n|~)$/i;
/**
 * Not allowed in a literal block: characters YAML does not print, and white space it would lose or misread.
 */
const notBlock = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\uFEFF\uD800-\uDFFF\uFFFE\uFFFF\t]|^[ \n]|\n\n$/;

export function yamlText(value: unknown): string {
  if (!isFilled(value)) return scalar(value, "");
  const lines: string[] = [];
  let length = 0;
  write(value, "", "", (line) => {
    length += line.length + 1;
    // Indents multiply what a deep value holds.
    if (length > maxOutputLength) throw new Error("yaml makes a text of more than 1 MiB");
    lines.push(line);
  });
  return lines.join("\n");
}

/** `lead`: what the first line begins with; a list's item begins beside its dash. */
function write(value: object, pad: string, lead: string, add: (line: string) => void): void {
  const isList = Array.isArray(value);
  const inner = `${pad}  `;
  let start = lead;
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    const head = isList ? "-" : `${keyText(key)}:`;
    if (!isFilled(item)) add(`${start}${head} ${scalar(item, pad)}`);
    else if (isList) write(item, inner, `${start}- `, add);
    else {
      add(`${start}${head}`);
      write(item, inner, inner, add);
    }
    start = pad;
  }
}

function isFilled(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  for (const key in value) if (Object.hasOwn(value, key)) return true;
  return false;
}

function scalar(value: unknown, pad: string): string {
  if (typeof value !== "string") return JSON.stringify(value ?? null);
  if (value.includes("\n") && !notBlock.test(value)) {
    const ends = value.endsWith("\n");
    const body = ends ? value.slice(0, -1) : value;
    return `${ends ? "|" : "|-"}\n${body.replace(/^(?=.)/gm, `${pad}  `)}`;
  }
  return isPlain(value) ? value : quoted(value);
}

function keyText(key: string): string {
  return isPlain(key) ? key : quoted(key);
}

function isPlain(text: string): boolean {
  return plain.test(text) && !text.endsWith(" ") && !notText.test(text);
}

/** A JSON string, with the characters that JSON leaves bare and YAML does not allow written as escapes. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\uFEFF\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
