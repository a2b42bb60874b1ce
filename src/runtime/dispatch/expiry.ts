// Ends what its ttl has overtaken. Looks only when a deadline came.

import type { Desk } from "./desk.ts";

const pageSize = 256;

export function expireDue(desk: Desk): void {
  const { journal, claims } = desk;
  for (;;) {
    // What is being written is left alone: its end comes with the write.
    const found = journal.expired(pageSize + claims.size());
    const due = found.filter((entry) => claims.attemptOf(entry) === undefined);
    for (const entry of due) {
      const reason =
        entry.state === "sent"
          ? "sent, but not acknowledged before its ttl ended"
          : "its ttl ended before it was sent";
      desk.tell(entry, { state: "expired", reason });
    }
    if (due.length === 0 || found.length < pageSize) return;
  }
}
