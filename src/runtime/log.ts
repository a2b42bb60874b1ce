// Lines for a person on stderr. Quiet when all is well: the client keeps every byte of a server's stderr.

import type { Log } from "../contract.ts";

interface LogOptions {
  /** Texts that must never appear, masked wherever they occur; those under 8 characters would mask ordinary words. */
  readonly secrets: () => readonly string[];
  readonly write?: (text: string) => void;
}

export function createLog({ secrets, write = (text) => process.stderr.write(text) }: LogOptions): Log {
  const line = (level: string) => (text: string) =>
    write(`channel-router: ${level}${mask(text, secrets())}\n`);
  return { info: line(""), warn: line("warning: "), error: line("error: ") };
}

/** Replaces every known secret of 8 characters or more. */
export function mask(text: string, secrets: readonly string[]): string {
  return secrets.reduce(
    (masked, secret) => (secret.length < 8 ? masked : masked.replaceAll(secret, "•••")),
    text,
  );
}
