// Reads single files from the tarball of an npm package in memory, without unpacking it.

import { gunzipSync } from "node:zlib";
import { maxSharedFileBytes } from "../config/recipe/lock.ts";
import { unsafeRecipe } from "./problems.ts";

export interface Tarball {
  /** Reads a file by its path in the package. Undefined if it does not exist; throws for a link or a large file. */
  read(path: string): Buffer | undefined;
}

const maxUnpackedBytes = 64 * 1024 * 1024;
const blockBytes = 512;
const maxEntries = 20_000;

interface Entry {
  readonly type: string;
  readonly from: number;
  readonly size: number;
}

/** Throws a ConnectorError if the bytes are not the tarball of a package. */
export function openTarball(bytes: Buffer): Tarball {
  const tar = unpack(bytes);
  const entries = entriesOf(tar);
  return {
    read(path) {
      const found = entries.get(path);
      if (found === undefined) return undefined;
      if (found === "twice") throw unsafeRecipe(`${path} occurs twice in the package`);
      if (found.type !== "0") throw unsafeRecipe(`${path} is not a regular file`);
      if (found.size > maxSharedFileBytes)
        throw unsafeRecipe(`${path} is larger than ${maxSharedFileBytes / 1024} KiB`);
      return Buffer.from(tar.subarray(found.from, found.from + found.size));
    },
  };
}

function unpack(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxUnpackedBytes });
  } catch (error) {
    const isLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw unsafeRecipe(
      isLarge
        ? `the package has more than ${maxUnpackedBytes / 1024 ** 2} MiB`
        : "the package is not a tarball",
    );
  }
}

/** Files by path without the first folder, which npm ignores too. */
function entriesOf(tar: Buffer): Map<string, Entry | "twice"> {
  const entries = new Map<string, Entry | "twice">();
  let longName: string | undefined;
  let count = 0;
  for (let at = 0; at + blockBytes <= tar.length; ) {
    const header = tar.subarray(at, at + blockBytes);
    if (header.every((byte) => byte === 0)) break;
    if (++count > maxEntries) throw unsafeRecipe(`the package has more than ${maxEntries} files`);
    const size = sizeIn(header);
    const from = at + blockBytes;
    if (from + size > tar.length) throw unsafeRecipe("the package is truncated");
    const type = String.fromCharCode(header[156] || 48);
    at = from + Math.ceil(size / blockBytes) * blockBytes;
    if (type === "x") longName = pathInPax(tar.toString("utf8", from, from + size)) ?? longName;
    else if (type === "L") longName = cString(tar.subarray(from, from + size));
    else if (type !== "g" && type !== "K") {
      const name = (longName ?? nameIn(header)).replace(/^\.\//, "");
      longName = undefined;
      const path = name.slice(name.indexOf("/") + 1);
      if (type !== "5") entries.set(path, entries.has(path) ? "twice" : { type, from, size });
    }
  }
  return entries;
}

function nameIn(header: Buffer): string {
  const name = cString(header.subarray(0, 100));
  const prefix = header.toString("latin1", 257, 262) === "ustar" ? cString(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function sizeIn(header: Buffer): number {
  const text = header
    .toString("latin1", 124, 136)
    .replace(/[\0 ]+$/, "")
    .trim();
  if (!/^[0-7]{1,11}$/.test(text)) throw unsafeRecipe("the package is not a tarball");
  return Number.parseInt(text, 8);
}

/** Records such as `30 path=package/a.json\n`. */
function pathInPax(records: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]+)\n/.exec(records)?.[1];
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end === -1 ? bytes.length : end);
}
