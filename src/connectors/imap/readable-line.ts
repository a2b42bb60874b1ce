// Reduces short texts of senders, such as subjects and names, to one line.

import { decodeText } from "../../charset.ts";
import { isVisible } from "../../text/hidden.ts";

/** Undefined if nothing is visible. Encoded words may contain line breaks. */
export function readableLine(written: string | null | undefined, maxCharacters: number): string | undefined {
  const plain = withWindowsLetters(written ?? "")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  if (!isVisible(plain)) return undefined;
  return plain.length <= maxCharacters ? plain : `${plain.slice(0, maxCharacters - 1).toWellFormed()}…`;
}

/** Node 20 decodes quotes and dashes of windows-1252 as control characters, which do not occur in mail. */
export function withWindowsLetters(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (letter) =>
    decodeText(Uint8Array.of(letter.charCodeAt(0)), "windows-1252"),
  );
}
