// Failures that nobody waits for: a promise that a source let go of, a timer of its own. They are bugs, told whole; neither may end the
// process that other sources, and the client, depend on.

import type { Clock, Log } from "../contract.ts";

const isBug = "failed through a bug in this program";

/** A rejection that nobody handles is told, and the process goes on. The result takes that back. */
export function outliveRejections(
  log: Log,
  process: Pick<NodeJS.Process, "on" | "off"> = globalThis.process,
): () => void {
  const tell = (reason: unknown) => log.error(`something ${isBug}: ${stackOf(reason)}`);
  process.on("unhandledRejection", tell);
  return () => void process.off("unhandledRejection", tell);
}

/** The clock for one part, which begins the lines of the log: what throws in a timer of its own is told and goes no further. */
export function clockFor(subject: string, clock: Clock, log: Log): Clock {
  return {
    now: clock.now,
    after: (ms, run) =>
      clock.after(ms, () => {
        try {
          run();
        } catch (error) {
          log.error(`${subject} ${isBug}: ${stackOf(error)}`);
        }
      }),
  };
}

function stackOf(error: unknown): string {
  return (error instanceof Error ? error.stack : undefined) ?? String(error);
}
