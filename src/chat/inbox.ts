// Files that users sent, in a folder of the state folder: private, under generated names, complete or not at
// all.

import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { SavedFile } from "../contract/chat.ts";
import type { Clock } from "../contract.ts";
import { ConnectorError } from "../errors.ts";
import { safeFileName } from "./file-name.ts";

export interface Inbox {
  /** See `People.save`. */
  save(name: string, content: AsyncIterable<Uint8Array>, maxBytes: number): Promise<SavedFile>;
  /** Removes files that are older than this. Never rejects. */
  clear(olderThanMs: number): Promise<void>;
}

export function openInbox(folder: string, clock: Pick<Clock, "now">): Inbox {
  return {
    async save(name, content, maxBytes) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const unique = `${clock.now().toString(36)}-${randomBytes(3).toString("hex")}`;
      const path = join(folder, `${unique}-${safeFileName(name)}`);
      const temporary = `${path}.part`;
      const file = await open(temporary, "wx", 0o600);
      try {
        let bytes = 0;
        try {
          for await (const part of content) {
            bytes += part.byteLength;
            if (bytes > maxBytes) throw tooLong(name, maxBytes);
            await file.writeFile(part);
          }
        } finally {
          await file.close();
        }
        await rename(temporary, path);
        return { path, bytes };
      } catch (error) {
        await unlink(temporary).catch(() => undefined); // Report the first error.
        throw error;
      }
    },
    async clear(olderThanMs) {
      const names = await readdir(folder).catch(() => []); // No file was ever sent.
      await Promise.all(
        names.map(async (name) => {
          const path = join(folder, name);
          const found = await stat(path).catch(() => undefined); // Gone in the meantime.
          if (found?.isFile() === true && clock.now() - found.mtimeMs > olderThanMs)
            await unlink(path).catch(() => undefined);
        }),
      );
    },
  };
}

function tooLong(name: string, maxBytes: number): ConnectorError {
  const megabytes = (maxBytes / 1_000_000).toFixed(0);
  return new ConnectorError("E_FILE", `${safeFileName(name)} is longer than the limit of ${megabytes} MB`);
}
