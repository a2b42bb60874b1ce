// Undoes the escapes of links, forms, JSON and HTML in one pass, and maps each character to its original
// position.

import { isUtf8 } from "node:buffer";
import { runAtOnce } from "../../../yield-to-event-loop.ts";

export interface UnescapedText {
  readonly text: string;
  /** The original offset of the character at this offset; for the end, the original end. */
  original(at: number): number;
}

const escaped =
  /(?:%[0-9a-f]{2})+|\\u[0-9a-f]{4}|\\[^u]|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|amp|lt|gt|quot|apos);/gi;
const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const control: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

/** Escapes that are undone in one step. */
const escapesPerStep = 4_096;

/** Undefined when nothing in it is escaped. */
export function unescapeOnce(text: string): UnescapedText | undefined {
  return runAtOnce(unescapeSteps(text));
}

/** The same in steps, for a text that may be long. */
export function* unescapeSteps(text: string): Generator<void, UnescapedText | undefined> {
  /** Start of each piece in both texts; inside a piece both advance together. */
  const here = [0];
  const there = [0];
  let plain = "";
  let done = 0;

  /** The next `length` characters are replaced by these. */
  function put(characters: string, length: number): void {
    mark();
    plain += characters;
    done += length;
  }

  function mark(): void {
    const last = here.length - 1;
    if (here[last] === plain.length) there[last] = done;
    else {
      here.push(plain.length);
      there.push(done);
    }
  }

  // Not shared: another text may be read between two steps.
  const pattern = new RegExp(escaped);
  let count = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const [written] = found;
    plain += text.slice(done, found.index);
    done = found.index;
    if (written.startsWith("%")) putBytes(Buffer.from(written.replaceAll("%", ""), "hex"), put);
    else put(readOne(written), written.length);
    mark();
    if (++count % escapesPerStep === 0) yield;
  }
  if (done === 0) return undefined;
  plain += text.slice(done);
  return {
    text: plain,
    original(at) {
      let low = 0;
      let high = here.length;
      while (high - low > 1) {
        const middle = (low + high) >>> 1;
        if ((here[middle] as number) <= at) low = middle;
        else high = middle;
      }
      return (there[low] as number) + at - (here[low] as number);
    },
  };
}

/** Bytes that are not UTF-8 are a character each. */
function putBytes(bytes: Buffer, put: (characters: string, length: number) => void): void {
  const isText = isUtf8(bytes);
  for (const one of bytes.toString(isText ? "utf8" : "latin1"))
    put(one, isText ? 3 * Buffer.byteLength(one) : 3);
}

function readOne(written: string): string {
  if (!written.startsWith("&")) {
    const character = written[1] as string;
    return written.length === 2
      ? (control[character] ?? character)
      : String.fromCharCode(Number.parseInt(written.slice(2), 16));
  }
  const name = written.slice(1, -1).toLowerCase();
  const known = named[name];
  if (known !== undefined) return known;
  const code = name.startsWith("#x") ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
}
