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

/** Settles at the first of these signals; a second one ends the process at once, with the code `again`. */
export function stopSignal(
  signals: readonly NodeJS.Signals[] = endings,
  again: ExitCode = 1,
): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      process.once(signal, () => {
        resolve(signal);
        process.once(signal, () => process.exit(again));
      });
    }
  });
}

/**
 * Runs `start` until a stop signal, which may come while it still starts, and ends the process with 0 when
 * `close` has settled, at the latest after `limitMs`. A second signal ends it at once, with 0, too. Rejects
 * with what `start` rejects before a signal.
 */
export async function runUntilSignal(
  start: (ending: AbortSignal) => Promise<void>,
  close: () => Promise<void>,
  limitMs: number,
): Promise<never> {
  const ending = new AbortController();
  const stopped = stopSignal(endings, 0).then(() => {
    ending.abort();
    // Counts from the signal. Not unref'd: what `close` waits for may keep no process alive.
    setTimeout(() => process.exit(0), limitMs);
  });
  // Sources that wait keep no process alive, nor do disabled ones.
  const alive = setInterval(() => {}, 60_000);
  try {
    await Promise.race([stopped, start(ending.signal)]);
  } catch (error) {
    clearInterval(alive);
    throw error;
  }
  await stopped;
  await close();
  // Not left to the event loop: what was starting when the signal came may have opened handles since.
  process.exit(0);
}
