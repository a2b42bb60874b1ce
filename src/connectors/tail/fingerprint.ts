// Identifies a file by its beginning: an inode is reused once its file is gone, and a truncated file may have
// grown beyond its old length before the next look.

import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { Json } from "../../contract.ts";

export interface Fingerprint {
  /** Of the first bytes, this many. */
  readonly bytes: number;
  readonly hash: string;
}

const mostBytes = 1_024;

export const noFingerprint: Fingerprint = { bytes: 0, hash: "" };

export interface Head {
  /** The first bytes, at most 1,024. */
  readonly bytes: Buffer;
  fits(fingerprint: Fingerprint): boolean;
  fingerprint(): Fingerprint;
}

export async function readHead(handle: FileHandle): Promise<Head> {
  const buffer = Buffer.alloc(mostBytes);
  const { bytesRead } = await handle.read(buffer, 0, mostBytes, 0);
  const bytes = buffer.subarray(0, bytesRead);
  return {
    bytes,
    fits: ({ bytes: length, hash }) =>
      length === 0 || (length <= bytesRead && hashOf(bytes, length) === hash),
    fingerprint: () =>
      bytesRead === 0 ? noFingerprint : { bytes: bytesRead, hash: hashOf(bytes, bytesRead) },
  };
}

export function isComplete({ bytes }: Fingerprint): boolean {
  return bytes === mostBytes;
}

function hashOf(bytes: Buffer, length: number): string {
  return createHash("sha256").update(bytes.subarray(0, length)).digest("base64url").slice(0, 16);
}

/** gzip, bzip2, xz, zstd: a rotated copy of a file that was read before. */
export function isCompressed({ bytes }: Head): boolean {
  const start = bytes.subarray(0, 6).toString("hex");
  return ["1f8b", "425a68", "fd377a585a00", "28b52ffd"].some((magic) => start.startsWith(magic));
}

const compressedName = /\.(gz|bz2|xz|zst|lz4|zip)$/i;

export function hasCompressedName(path: string): boolean {
  return compressedName.test(path);
}

export function fingerprintOf(value: Json | undefined): Fingerprint {
  const [bytes, hash] = Array.isArray(value) ? value : [];
  return typeof bytes === "number" && typeof hash === "string" ? { bytes, hash } : noFingerprint;
}
