// What a person hands over as a payload on the command line: JSON text, a file, or standard input; and headers.

import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { UsageError } from "../errors.ts";

/** JSON text as it is; `-` is standard input; anything else is a file. */
export async function readPayload(payload: string): Promise<string> {
  if (payload === "-") return text(process.stdin);
  return /^\s*[[{"]/.test(payload) ? payload : readPayloadFile(payload);
}

/** As curl has it: `@file`, `-` for standard input, anything else is the text itself. */
export async function readData(data: string): Promise<string> {
  if (data === "-") return text(process.stdin);
  return data.startsWith("@") ? readPayloadFile(data.slice(1)) : data;
}

async function readPayloadFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError("E_USAGE", `cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`, {
      hint: "name a file, write JSON text in quotes, or - for standard input",
    });
  }
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
