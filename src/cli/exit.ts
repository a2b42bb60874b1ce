// The exit codes of a command: 0 success, 1 a negative result, 2 invalid usage. Only main's callers set the
// code, and only here.

import { isRouterError, UsageError } from "../errors.ts";
import { block, text } from "../text.ts";
import { toStderr } from "./terminal.ts";

export type ExitCode = 0 | 1 | 2;

/** Runs a command and prints its errors on stderr. A bug keeps its stack. */
export async function finish(command: () => Promise<ExitCode>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    process.exitCode = error instanceof UsageError ? 2 : 1;
    if (!isRouterError(error)) throw error;
    toStderr(text`channel-router: ${block(error.message)}\n`);
    if (error.hint !== undefined) toStderr(text`  ${block(error.hint)}\n`);
  }
}

const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Settles at the first of these signals; a second one ends the process at once. */
export function stopSignal(signals: readonly NodeJS.Signals[] = endings): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      process.once(signal, () => {
        resolve(signal);
        process.once(signal, () => process.exit(1));
      });
    }
  });
}
