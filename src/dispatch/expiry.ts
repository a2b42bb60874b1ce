// Ends what its ttl has overtaken. Looks only when a deadline came, and through some thousands of entries in one turn of the event loop:
// a million can be overdue at a start.

import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import type { DispatchContext } from "./context.ts";

const pageSize = 256;

export interface Expiry {
  /** Ends what is due; once more when it is called meanwhile. */
  check(): void;
  /** Settles when all that was due has been ended. */
  quiet(): Promise<void>;
}

/** `yieldTurn` lets others have the event loop, after each slice. */
export function createExpiry(
  desk: Pick<DispatchContext, "journal" | "claims" | "tell" | "stopping">,
  yieldTurn: () => Promise<void> = yieldToEventLoop,
): Expiry {
  const { journal, claims, stopping } = desk;
  let running: Promise<void> | undefined;
  let again = false;

  async function pass(): Promise<void> {
    let after: number | undefined;
    do {
      const { entries, next } = journal.expired(pageSize, after);
      let written: Promise<void> | undefined;
      for (const entry of entries) {
        // What is being written is left alone: its end comes with the write.
        if (claims.attemptOf(entry) !== undefined) continue;
        const reason =
          entry.state === "sent"
            ? "sent, but not acknowledged before its ttl ended"
            : "its ttl ended before it was sent";
        written = desk.tell(entry, { state: "expired", reason });
      }
      // No more ends than the disk takes are kept in memory.
      await written;
      after = next;
      if (after !== undefined) await yieldTurn();
    } while (after !== undefined && !stopping.aborted);
  }

  function check(): void {
    again = true;
    if (running !== undefined || stopping.aborted) return;
    running = (async () => {
      while (again && !stopping.aborted) {
        again = false;
        await pass();
      }
    })().finally(() => {
      running = undefined;
      if (again) check();
    });
  }

  return {
    check,
    async quiet() {
      while (running !== undefined) await running;
    },
  };
}
