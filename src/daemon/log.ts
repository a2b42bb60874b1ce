// Lines for a person on stderr. Quiet when all is well: the client keeps every byte of a server's stderr.

import type { Log } from "../contract.ts";
import { createMask } from "../host/secret-mask.ts";
import { line, ownWords, type SafeLine, type SafeText } from "../text.ts";

interface LogOptions {
  /** Texts that must never appear; asked for at each line. */
  readonly secrets: () => readonly string[];
  readonly write?: (text: string) => void;
}

export function createLog({ secrets, write = (text) => process.stderr.write(text) }: LogOptions): Log {
  const entry = (level: SafeLine) => (shown: SafeText) => {
    // The types promise that it is clean; this is the net under them, for what the mask put together too.
    const clean = ownWords(createMask(secrets())(shown));
    // A further line of an entry is told apart from the next entry.
    write(`channel-router: ${level}${clean.replaceAll(/\n(?=\S)/g, "\n  ")}\n`);
  };
  return { info: entry(line``), warn: entry(line`warning: `), error: entry(line`error: `) };
}
