// Log lines for the user on stderr. Silent when all is well: the client keeps every byte of a server's
// stderr.

import type { Log } from "../contract.ts";
import { createMask } from "../host/secret-mask.ts";
import { line, ownWords, type SafeLine, type SafeText } from "../text.ts";

interface LogOptions {
  /** Texts that must never appear; read for each line. */
  readonly secrets: () => readonly string[];
  readonly write?: (text: string) => void;
}

export function createLog({ secrets, write = (text) => process.stderr.write(text) }: LogOptions): Log {
  const entry = (level: SafeLine) => (shown: SafeText) => {
    // The types guarantee that it is clean; this is a second check, also for text that the mask combined.
    const clean = ownWords(createMask(secrets())(shown));
    // Continuation lines are indented, to set them apart from the next entry.
    write(`channel-router: ${level}${clean.replaceAll(/\n(?=\S)/g, "\n  ")}\n`);
  };
  return { info: entry(line``), warn: entry(line`warning: `), error: entry(line`error: `) };
}
