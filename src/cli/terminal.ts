// Where commands write: the only places of the command line that hand text to the process' own streams.

import type { SafeText } from "../text.ts";

/** As it is, with the line ends that it has. */
export function toStdout(shown: SafeText): void {
  process.stdout.write(shown);
}

/** As it is, with the line ends that it has. */
export function toStderr(shown: SafeText): void {
  process.stderr.write(shown);
}
