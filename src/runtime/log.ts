// Lines for a person on stderr. Quiet when all is well: the client keeps every byte of a server's stderr.

import type { Log } from "../contract.ts";
import { createMask } from "./secret-mask.ts";

interface LogOptions {
  /** Texts that must never appear; asked for at each line. */
  readonly secrets: () => readonly string[];
  readonly write?: (text: string) => void;
}

/** What moves the cursor, colours or hides: a line may quote what came from outside. */
const control = /[^\P{C}\n\t]/gu;
/** A further line of a text is told apart from the next text. */
const nextLine = /\r?\n(?=channel-router:)/g;

export function createLog({ secrets, write = (text) => process.stderr.write(text) }: LogOptions): Log {
  const line = (level: string) => (text: string) => {
    const shown = createMask(secrets())(text).replace(nextLine, "\n  ").replace(control, "");
    write(`channel-router: ${level}${shown}\n`);
  };
  return { info: line(""), warn: line("warning: "), error: line("error: ") };
}
