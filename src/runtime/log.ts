// Lines for a person on stderr. Quiet when all is well: the client keeps every byte of a server's stderr.

import type { Log } from "../contract.ts";
import { createMask } from "./secret-mask.ts";

interface LogOptions {
  /** Texts that must never appear; asked for at each line. */
  readonly secrets: () => readonly string[];
  readonly write?: (text: string) => void;
}

export function createLog({ secrets, write = (text) => process.stderr.write(text) }: LogOptions): Log {
  const line = (level: string) => (text: string) =>
    write(`channel-router: ${level}${createMask(secrets())(text)}\n`);
  return { info: line(""), warn: line("warning: "), error: line("error: ") };
}
