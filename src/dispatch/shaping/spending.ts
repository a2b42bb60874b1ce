// What sessions were sent in the last hour, kept as notes in the journal, so that a new leader continues the
// count. Written every few seconds at most: the last few tokens matter less than a write for each event.

import type { Clock } from "../../contract.ts";
import { isRouterError } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { HourBudget } from "../../shaping/hour.ts";

const kind = "hour";
const everyMs = 15_000;
const maxSessions = 200;

export interface Spending {
  /** This session was sent something. */
  keep(sessionId: string): void;
  /** Writes what was not written yet. */
  flush(): void;
}

export function createSpending(
  journal: Pick<Journal, "jot" | "notes">,
  clock: Clock,
  hours: HourBudget,
): Spending {
  const waiting = new Set<string>();
  for (const { key, value } of journal.notes(kind).slice(-maxSessions)) hours.restore(key, value);

  function write(sessionId: string): void {
    if (!waiting.delete(sessionId)) return;
    journal.jot(kind, sessionId, hours.dump(sessionId)).catch((error) => {
      if (!isRouterError(error)) throw error;
    });
  }

  return {
    flush() {
      for (const sessionId of waiting) write(sessionId);
    },
    keep(sessionId) {
      if (waiting.has(sessionId)) return;
      waiting.add(sessionId);
      clock.after(everyMs, () => write(sessionId));
    },
  };
}
