// Expires entries whose ttl has passed. Scans only when a deadline is due, a few thousand entries per turn of
// the event loop: a million can be overdue at a start.

import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import type { DispatchContext } from "./context.ts";

const pageSize = 256;

export interface Expiry {
  /** Ends what is due; scans once more when it is called meanwhile. */
  check(): void;
  /** Settles when everything that was due has ended. */
  idle(): Promise<void>;
}

/** `yieldTurn` yields to the event loop after each slice. */
export function createExpiry(
  context: Pick<DispatchContext, "journal" | "reservations" | "setState" | "stopping">,
  yieldTurn: () => Promise<void> = yieldToEventLoop,
): Expiry {
  const { journal, reservations, stopping } = context;
  let running: Promise<void> | undefined;
  let again = false;

  async function pass(): Promise<void> {
    let after: number | undefined;
    do {
      const { entries, next } = journal.expired(pageSize, after);
      let written: Promise<void> | undefined;
      for (const entry of entries) {
        // Entries that are being written are skipped: their state is set with the write.
        if (reservations.attemptOf(entry) !== undefined) continue;
        const reason =
          entry.state === "sent"
            ? "sent, but not acknowledged before its ttl ended"
            : "its ttl ended before it was sent";
        written = context.setState(entry, { state: "expired", reason });
      }
      // No more changes are kept in memory than the disk can write.
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
    async idle() {
      while (running !== undefined) await running;
    },
  };
}
