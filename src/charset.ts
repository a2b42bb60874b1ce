// Decodes bytes in a named charset, with a workaround for a platform bug. Unknown charsets are read as UTF-8.

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
