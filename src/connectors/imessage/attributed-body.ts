// The text of a message that Messages keeps only as an archived NSAttributedString (its `typedstream` format): newer versions
// leave the column `text` empty.

/**
 * After the class name, the string itself: a type `+`, its length, its bytes. Undefined when the string is
 * missing. For a body that was cut to `cutBytes`, the part that is present.
 */
export function readAttributedBody(
  body: Uint8Array,
  cutBytes = Number.POSITIVE_INFINITY,
): string | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const name = bytes.indexOf("NSString");
  const type = name < 0 ? -1 : bytes.indexOf("+", name + "NSString".length);
  if (type < 0 || type - name > 24) return undefined;
  const [length, from] = readLength(bytes, type + 1);
  if (length === undefined) return undefined;
  if (from + length <= bytes.length) return bytes.toString("utf8", from, from + length);
  if (bytes.length < cutBytes) return undefined;
  // Half a character at the end is dropped.
  return `${bytes.toString("utf8", from).replace(/\uFFFD$/, "")}…`;
}

/** One byte, or 0x81 and two, or 0x82 and four, the lowest first. */
function readLength(bytes: Buffer, at: number): [length: number | undefined, from: number] {
  const first = bytes[at];
  if (first === 0x81 && at + 3 <= bytes.length) return [bytes.readUInt16LE(at + 1), at + 3];
  if (first === 0x82 && at + 5 <= bytes.length) return [bytes.readUInt32LE(at + 1), at + 5];
  return [first === undefined || first >= 0x80 ? undefined : first, at + 1];
}
