// Decodes bytes in a named charset, with a workaround for a platform bug, and chooses between the charsets that a sender declares. Unknown
// charsets are read as UTF-8.

import { isUtf8 } from "node:buffer";

/**
 * The characters of windows-1252 at 0x80 to 0x9F (https://encoding.spec.whatwg.org/#windows-1252). Node 20
 * reads these bytes as ISO 8859-1, so quotes, dashes and the euro sign become invisible control characters
 * (nodejs/node#56542).
 */
const windows1252 =
  "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f" +
  "\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";

/** The charset of a Content-Type header; undefined without one. */
export function charsetOf(contentType: string | undefined): string | undefined {
  return /charset\s*=\s*["']?([\w:.-]+)/i.exec(contentType ?? "")?.[1];
}

/** The encoding that a label such as `latin1` or `cp1251` means; undefined for an unknown label. */
export function encodingOf(label: string): string | undefined {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

/** Malformed bytes become U+FFFD; a byte order mark is removed. */
export function decodeText(bytes: Uint8Array, charset = "utf-8"): string {
  const decoder = decoderOf(charset);
  if (decoder.encoding !== "windows-1252") return decoder.decode(bytes);
  const units = Buffer.allocUnsafe(2 * bytes.length);
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    units.writeUInt16LE(byte >= 0x80 && byte < 0xa0 ? windows1252.charCodeAt(byte - 0x80) : byte, 2 * at);
  }
  return units.toString("utf16le");
}

function decoderOf(charset: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

/**
 * In the charset of a byte order mark, else in the first of the declared charsets that the bytes fit, else UTF-8. UTF-8 labelled as Latin-1
 * is UTF-8, as most such text is. Latin-1 that nobody declared is recognised where hardly a byte beyond ASCII is UTF-8.
 */
export function decodeDeclared(bytes: Uint8Array, labels: readonly (string | undefined)[]): string {
  const certain = markedEncoding(bytes) ?? wideEncoding(bytes);
  if (certain !== undefined) return decodeText(bytes, certain);
  const declared = labels
    .flatMap((label) => (label === undefined ? [] : (encodingOf(label) ?? [])))
    .filter(
      // A document that can be read as ASCII is not UTF-16, whatever it says of itself.
      (name) => !(name.startsWith("utf-16") && isFirstOfDocument(bytes.find((byte) => !isSpace(byte)))),
    );
  const [first = "utf-8"] = declared;
  if (["utf-8", latin].includes(first) && isUtf8(bytes)) return decodeText(bytes);
  for (const name of declared) {
    const text = name === latin ? undefined : decodeExactly(bytes, name);
    if (text !== undefined) return text;
  }
  if (isUtf8(bytes)) return decodeText(bytes);
  if (!declared.includes(latin) && first !== "utf-8") return decodeText(bytes, first);
  const text = decodeText(bytes);
  return isMostlyRead(text) ? text : decodeText(bytes, latin);
}

const latin = "windows-1252";

const marks = [
  [0xff, 0xfe, "utf-16le"],
  [0xfe, 0xff, "utf-16be"],
  [0xef, 0xbb, "utf-8"],
] as const;

function markedEncoding([first, second, third]: Uint8Array): string | undefined {
  const found = marks.find(([one, two]) => first === one && second === two);
  return found?.[2] === "utf-8" && third !== 0xbf ? undefined : found?.[2];
}

/** UTF-16 without a byte order mark. */
function wideEncoding([first, second]: Uint8Array): string | undefined {
  if (second === 0 && isFirstOfDocument(first)) return "utf-16le";
  return first === 0 && isFirstOfDocument(second) ? "utf-16be" : undefined;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** The first character of XML, HTML and JSON. */
function isFirstOfDocument(byte: number | undefined): boolean {
  return byte === 0x3c || byte === 0x7b || byte === 0x5b;
}

/** Undefined for bytes that are malformed in this charset. */
export function decodeExactly(bytes: Uint8Array, name: string): string | undefined {
  if (name === latin) return decodeText(bytes, latin);
  try {
    return new TextDecoder(name, { fatal: true }).decode(bytes);
  } catch {
    return undefined; // Not in this charset.
  }
}

/** Are more characters beyond ASCII read than malformed? */
function isMostlyRead(text: string): boolean {
  let read = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) read += unit === 0xfffd ? -1 : 1;
  }
  return read > 0;
}
