// A payload on the command line: JSON text, a file, or standard input; and headers.

import { isUtf8 } from "node:buffer";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { UsageError } from "../errors.ts";

/** JSON text is used as it is; `-` is standard input; anything else is a file, with or without @. */
export async function readPayload(payload: string): Promise<string> {
  if (payload === "-") return readStandardInput();
  return /^\s*[[{"]/.test(payload) ? payload : readPayloadFile(payload.replace(/^@/, ""));
}

/** The same for a payload that may also be any other text: where no file has that name, it is the text. */
export async function readPayloadOrText(payload: string): Promise<string> {
  const isText =
    payload === "" || /^\s*[[{"]|\n/.test(payload) || (!/^[-@]/.test(payload) && !existsSync(payload));
  return isText ? payload : readPayload(payload);
}

/** As in curl: `@file`, `-` for standard input, anything else is the text itself. */
export async function readData(data: string): Promise<string> {
  if (data === "-") return readStandardInput();
  return data.startsWith("@") ? readPayloadFile(data.slice(1)) : data;
}

async function readPayloadFile(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError("E_USAGE", `cannot read ${file}: ${error.code}`, {
      hint: "name a file, write JSON text in quotes, or - for standard input",
    });
  });
  return textOf(bytes, file);
}
async function readStandardInput(): Promise<string> {
  return textOf(await buffer(process.stdin), "standard input");
}

/** As strict as a source: replacement characters would hide what it rejects. */
function textOf(bytes: Buffer, from: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new UsageError("E_USAGE", `${from} is not valid UTF-8`, {
    hint: "a source takes text in UTF-8 only, and answers 400 to anything else",
  });
}

/** `x-github-event: push` -> `{"x-github-event": "push"}`, names in lower case. */
export function readHeaders(written: readonly string[]): Record<string, string> {
  return Object.fromEntries(written.map(readHeader));
}

function readHeader(text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon < 1) {
    throw new UsageError("E_USAGE", `"${text}" is not a header`, {
      hint: "write it as -H 'x-github-event: push'",
    });
  }
  return [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()];
}
