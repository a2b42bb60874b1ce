// A file as the guard hands it to a chat.

import { statSync } from "node:fs";
import { basename } from "node:path";
import type { OutgoingFile } from "../../src/contract/chat.ts";

export function outgoingFile(path: string, name = basename(path)): OutgoingFile {
  const { dev, ino, size } = statSync(path, { bigint: true });
  return { path, id: `${dev}:${ino}`, name, bytes: Number(size) };
}
