// Which session had the last event of a conversation or thread. Written to the journal when it changes, so
// that a new leader continues with the same session. Forgetting one has no other cost: the oldest go first.

import { isRouterError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import { scopeOf } from "../key-parts.ts";
import type { DeliveryOptions } from "./delivery-options.ts";

const kind = "sticky";
/** The number of notes of one kind that the journal keeps. */
const maxKept = 1_000;

export interface StickySessions {
  sessionOf(terms: DeliveryOptions): string | undefined;
  /** Whether it had the last event of any conversation or thread. */
  names(sessionId: string): boolean;
  set(terms: DeliveryOptions, sessionId: string): void;
}

/** `onMoved` is called when a conversation or thread moves to another session. */
export function createSticky(
  journal: Pick<Journal, "jot" | "notes">,
  onMoved: (key: string, sessionId: string) => void = () => {},
): StickySessions {
  const sessions = new Map<string, string>();
  for (const { key, value } of journal.notes(kind)) if (typeof value === "string") sessions.set(key, value);

  return {
    sessionOf(terms) {
      for (const key of stickyKeys(terms)) {
        const session = sessions.get(key);
        if (session !== undefined) return session;
      }
      return undefined;
    },
    names: (sessionId) => [...sessions.values()].includes(sessionId),
    set(terms, sessionId) {
      for (const key of stickyKeys(terms)) {
        if (sessions.get(key) === sessionId) continue;
        sessions.delete(key);
        sessions.set(key, sessionId);
        if (sessions.size > maxKept) sessions.delete(sessions.keys().next().value as string);
        journal.jot(kind, key, sessionId).catch((error) => {
          // Not noted because the disk is full or another process owns the journal: a new leader chooses
          // again.
          if (!isRouterError(error)) throw error;
        });
        onMoved(key, sessionId);
      }
    },
  };
}

/** What a session keeps together: the thread of an event, else its conversation. */
export function stickyKeys({
  thread,
  conversation,
  unproven,
}: Pick<DeliveryOptions, "thread" | "conversation" | "unproven">): string[] {
  return [
    ...(thread === undefined ? [] : [`${scopeOf("thread", unproven === true)} ${thread}`]),
    ...(conversation === undefined ? [] : [`conversation ${conversation}`]),
  ];
}
