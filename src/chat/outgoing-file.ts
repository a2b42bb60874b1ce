// Reads an outgoing file: exactly the one that the guard checked, and not more than its size at that time.

import type { FileHandle } from "node:fs/promises";
import type { OutgoingFile } from "../contract/chat.ts";
import { ConnectorError } from "../errors.ts";
import { openFound } from "../files/open-file.ts";

const pieceBytes = 64 * 1024;

async function openOutgoing({ path, id, name }: OutgoingFile): Promise<FileHandle> {
  const file = await openFound({ real: path, id }).catch((error: NodeJS.ErrnoException) => {
    throw changed(name, error.code);
  });
  if (file !== undefined) return file;
  throw changed(name);
}

/** Rejects with a ConnectorError (E_FILE) when it cannot be opened, or was replaced by another file. */
export async function* readOutgoing(outgoing: OutgoingFile): AsyncGenerator<Uint8Array> {
  const { name, bytes } = outgoing;
  const file = await openOutgoing(outgoing);
  try {
    for (let left = bytes; left > 0; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(left, pieceBytes)));
      if (bytesRead === 0) throw changed(name);
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** The whole file, for a receiver that cannot stream it. Rejects as `readOutgoing` does. */
export async function bytesOfOutgoing(file: OutgoingFile): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readOutgoing(file)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** For a program that reads it by its path. Rejects as `readOutgoing` does. */
export async function checkOutgoing(file: OutgoingFile): Promise<void> {
  const handle = await openOutgoing(file);
  await handle.close();
}

function changed(name: string, code?: string): ConnectorError {
  const why = code === undefined ? "" : ` (${code})`;
  return new ConnectorError("E_FILE", `${name} was changed just before sending${why}`, {
    hint: "send it again",
  });
}
