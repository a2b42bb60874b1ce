// The content of a file, when it is small and is text.

import { openFound } from "../../files/open-file.ts";
import type { FoundFile } from "../../files/search.ts";

/** Undefined when it is larger, is not UTF-8 text, or was replaced. Rejects with the system's error. */
export async function textOf(file: FoundFile, maxBytes: number): Promise<string | undefined> {
  if (file.size > maxBytes) return undefined;
  const handle = await openFound(file);
  if (handle === undefined) return undefined;
  try {
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let more = 1; more > 0 && length <= maxBytes; length += more)
      ({ bytesRead: more } = await handle.read(buffer, length, buffer.length - length, length));
    if (length > maxBytes) return undefined;
    const bytes = buffer.subarray(0, length);
    if (bytes.includes(0)) return undefined;
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}
