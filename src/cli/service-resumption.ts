// Sessions that an earlier owner served: what their client's stream took from it counts as sent, and what is still on its
// way into that stream is not sent again while the session lives.

import type { Journal } from "../journal/journal.ts";
import { readTerms } from "../runtime/dispatch/terms.ts";
import type { Member } from "./service-members.ts";

export interface Resumption {
  /** True while a living session's client may still take this event from an earlier owner. */
  isWriting(eventId: string): boolean;
  /** Settles when the journal knows what the session had. `revisit` is called for an event that is to be sent after all. */
  enter(member: Member, revisit: (eventId: string) => void): Promise<void>;
}

export function createResumption(journal: Journal): Resumption {
  const writing = new Set<string>();

  async function markSent(eventId: string, session: string): Promise<void> {
    const entries = journal.entries(eventId).filter(({ state }) => state !== "sent");
    const deliveries = await journal.deliveries(entries);
    for (const [index, { id, channel, attempt }] of entries.entries()) {
      const terms = deliveries[index]?.terms;
      const final = terms === undefined || readTerms(terms).receipt === undefined;
      journal
        .mark({
          id,
          channel,
          state: "sent",
          session,
          attempt: Math.max(1, attempt),
          final,
          reason: "an earlier owner sent it",
        })
        .catch(() => undefined); // The journal ended: its next owner hears the same from the session.
    }
  }

  return {
    isWriting: (eventId) => writing.has(eventId),
    async enter({ id, attached }, revisit) {
      const { resumed } = attached;
      if (resumed === undefined) return;
      for (const eventId of resumed.writing) writing.add(eventId);
      resumed.onTaken((eventId) => {
        if (writing.delete(eventId)) void markSent(eventId, id);
      });
      void attached.ended.then(() => {
        for (const eventId of resumed.writing) if (writing.delete(eventId)) revisit(eventId);
      });
      await Promise.all([...resumed.taken].map((eventId) => markSent(eventId, id)));
    },
  };
}
