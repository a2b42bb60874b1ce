// Copies of outgoing files, in a private folder of the state folder: the checked bytes, those in the question
// to the user and the sent ones are the same, whatever happens to the original.

import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { OutgoingFile } from "../contract/chat.ts";
import type { Clock } from "../contract.ts";
import { safeFileName } from "./file-name.ts";

export interface Outbox {
  /**
   * Copies the first `bytes` of an open file. `look` sees every piece. Undefined when there are fewer; then
   * nothing is left behind. Rejects with the system's error.
   */
  keep(
    name: string,
    file: FileHandle,
    bytes: number,
    look: (piece: Uint8Array) => void,
  ): Promise<KeptCopy | undefined>;
  /** Removes it some time later, because a program that got its path may still read it. */
  release(copies: readonly OutgoingFile[]): void;
  /** Removes everything from earlier. Never rejects. */
  clear(): Promise<void>;
}

export interface KeptCopy extends OutgoingFile {
  /** Of its content. */
  readonly hash: string;
}

const pieceBytes = 32 * 1024;
const keptAfterSendMs = 10 * 60 * 1_000;
/** Left behind by another router of the same config, or by a killed one. */
const abandonedAfterMs = 60 * 60 * 1_000;

export function openOutbox(folder: string, clock: Clock): Outbox {
  const remove = (copy: string) => rm(copy, { recursive: true, force: true }).catch(() => undefined); // Removed later.
  return {
    async keep(name, file, bytes, look) {
      // A separate folder: a program that sends by path shows the file's own name.
      const own = join(folder, randomBytes(9).toString("hex"));
      await mkdir(own, { recursive: true, mode: 0o700 });
      const safe = safeFileName(name);
      const path = join(own, safe);
      try {
        const copy = await open(path, "wx", 0o600);
        const hash = createHash("sha256");
        let left = bytes;
        try {
          for (let at = 0; left > 0; ) {
            const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(left, pieceBytes)), {
              position: at,
            });
            if (bytesRead === 0) break;
            const piece = buffer.subarray(0, bytesRead);
            look(piece);
            hash.update(piece);
            await copy.writeFile(piece);
            at += bytesRead;
            left -= bytesRead;
          }
          if (left === 0) {
            const { dev, ino } = await copy.stat({ bigint: true });
            return { path, id: `${dev}:${ino}`, name: safe, bytes, hash: hash.digest("hex") };
          }
        } finally {
          await copy.close();
        }
      } catch (error) {
        await remove(own);
        throw error;
      }
      await remove(own);
      return undefined;
    },
    release(copies) {
      for (const { path } of copies) clock.after(keptAfterSendMs, () => void remove(join(path, "..")));
    },
    async clear() {
      const names = await readdir(folder).catch(() => []); // No file was ever sent.
      await Promise.all(
        names.map(async (name) => {
          const own = join(folder, name);
          const found = await stat(own).catch(() => undefined); // Gone in the meantime.
          if (found !== undefined && clock.now() - found.mtimeMs > abandonedAfterMs) await remove(own);
        }),
      );
    },
  };
}
