// Which messages of chat users are unanswered. Kept as journal notes, so that the next leader knows them too.
// An answer to a message also answers all earlier ones of the same conversation.

import type { Clock, RouterEvent } from "../../contract.ts";
import type { Journal } from "../../journal/journal.ts";
import type { StateChange } from "../../journal/records.ts";

export interface UnansweredMessage {
  readonly eventId: string;
  readonly source: string;
  /** The sender's display name. */
  readonly name: string;
  readonly timeMs: number;
  /** The session that has it; undefined while no session received it. */
  readonly session?: string;
}

export interface UnansweredMessages {
  /** A message of a chat user was accepted, which should be answered. */
  add(event: RouterEvent): void;
  changed(change: StateChange): void;
  answered(eventId: string): void;
  has(eventId: string): boolean;
  /** Oldest first. */
  list(): readonly UnansweredMessage[];
}

interface Kept extends UnansweredMessage {
  readonly conversation: string;
}

const kind = "unanswered";
const keepMs = 24 * 60 * 60 * 1_000;
/** A user who sends more than that knows that not everything was answered. */
const maxKept = 1_000;
/** A message that no session will receive is not going to be answered. */
const over = new Set(["expired", "superseded", "silenced", "dead"]);

export function trackUnanswered(journal: Journal, clock: Pick<Clock, "now">): UnansweredMessages {
  const kept = new Map<string, Kept>();
  for (const { key, value } of journal.notes(kind)) kept.set(key, value as unknown as Kept);

  function put(one: Kept): void {
    kept.set(one.eventId, one);
    // Logged, but not a failure: the event itself is durable.
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
