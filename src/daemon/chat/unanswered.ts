// Which messages of people nobody has answered. Kept as journal notes: another owner knows them too. An answer to a message is
// one to all that came before it in the same conversation.

import type { Clock, RouterEvent } from "../../contract.ts";
import type { Journal } from "../../journal/journal.ts";
import type { StateChange } from "../../journal/records.ts";

export interface Unanswered {
  readonly eventId: string;
  readonly source: string;
  /** Whoever wrote it, as they call themselves. */
  readonly name: string;
  readonly timeMs: number;
  /** The session that has it; undefined while none was sent it. */
  readonly session?: string;
}

export interface UnansweredMessages {
  /** A message of a person was taken, which somebody should answer. */
  add(event: RouterEvent): void;
  changed(change: StateChange): void;
  answered(eventId: string): void;
  has(eventId: string): boolean;
  /** Oldest first. */
  list(): readonly Unanswered[];
}

interface Kept extends Unanswered {
  readonly conversation: string;
}

const kind = "unanswered";
const keepMs = 24 * 60 * 60 * 1_000;
/** Whoever sends more than that knows without us that not all was answered. */
const maxKept = 1_000;
/** Nobody will answer what nobody gets any more. */
const over = new Set(["expired", "superseded", "silenced", "dead"]);

export function trackUnanswered(journal: Journal, clock: Pick<Clock, "now">): UnansweredMessages {
  const kept = new Map<string, Kept>();
  for (const { key, value } of journal.notes(kind)) kept.set(key, value as unknown as Kept);

  function put(one: Kept): void {
    kept.set(one.eventId, one);
    // It is worth a line, not a failure: the event itself is safe.
    journal.note(kind, one.eventId, { ...one }, one.timeMs + keepMs).catch(() => undefined);
    const [oldest] = kept.keys();
    if (kept.size > maxKept && oldest !== undefined) drop(oldest);
  }

  function drop(eventId: string): void {
    if (kept.delete(eventId)) journal.note(kind, eventId, null).catch(() => undefined);
  }

  const live = (): readonly Kept[] => {
    for (const { eventId, timeMs } of kept.values()) if (timeMs + keepMs <= clock.now()) kept.delete(eventId);
    return [...kept.values()];
  };

  return {
    add({ id, source, sender, conversation, timeMs }) {
      put({
        eventId: id,
        source,
        name: (sender?.name ?? sender?.id ?? "").slice(0, 60),
        conversation: conversation ?? id,
        timeMs,
      });
    },
    changed({ id, state, session }) {
      const one = kept.get(id);
      if (one === undefined) return;
      if (over.has(state)) drop(id);
      else if (state === "acked") drop(id);
      else if (state === "sent" && session !== undefined && session !== one.session) put({ ...one, session });
    },
    answered(eventId) {
      const answered = kept.get(eventId);
      if (answered === undefined) return;
      for (const { eventId: other, source, conversation, timeMs } of live()) {
        const isBefore = source === answered.source && conversation === answered.conversation;
        if (isBefore && timeMs <= answered.timeMs) drop(other);
      }
    },
    has: (eventId) => kept.has(eventId),
    list: live,
  };
}
