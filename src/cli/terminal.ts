// Output of commands: the only places of the command line that write to the process' own streams.

import type { SafeText } from "../text.ts";

/** Unchanged, with its own line ends. */
export function toStdout(shown: SafeText): void {
  process.stdout.write(shown);
}

/** Unchanged, with its own line ends. */
export function toStderr(shown: SafeText): void {
  process.stderr.write(shown);
}
