// How many files and sockets this process may have open (`ulimit -n`), and how they are divided: followed
// files get a small part, connections half, and the rest stays free for the journal, programs and our own
// requests.

import { readFileSync } from "node:fs";

/** When the system does not report it: macOS and most Linux systems allow at least this many. */
const assumed = 1_024;
const unlimited = 1_048_576;

let known: number | undefined;

/** Node raises the limit to the allowed maximum at its start. */
function limit(): number {
  known ??= readLimit();
  return known;
}

function readLimit(): number {
  try {
    const [, soft] =
      /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined || soft === "unlimited" ? unlimited : Number(soft);
  } catch {
    return assumed; // Not Linux.
  }
}

/** For all files together that are kept open between two reads. */
export function mostHeldFiles(): number {
  return Math.min(512, Math.max(8, Math.floor(limit() / 8)));
}

/** Of all connections to the listener. */
export function mostConnections(): number {
  return Math.min(1_000, Math.max(16, Math.floor(limit() / 2)));
}

/** The hint for an error of the system; undefined when it is not about descriptors. */
export function tooManyOpen(code: string | undefined): string | undefined {
  if (code === "EMFILE")
    return `this process may have only ${limit()} files and connections open: raise the limit, for example  ulimit -n 4096  before it starts`;
  if (code === "ENFILE")
    return "the system has too many files open: close programs, or raise fs.file-max (sysctl)";
  return undefined;
}
