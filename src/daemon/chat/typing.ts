// Typing indicators: a chat shows that an answer is being written, from the moment a session has the message
// until it was answered or too much time has passed. A courtesy: a failed indicator is logged occasionally
// and has no other effect.

import type { Chat } from "../../contract/chat.ts";
import type { Clock, Log, RouterEvent } from "../../contract.ts";
import { line } from "../../text.ts";

export interface TypingIndicators {
  /** The message is durable. */
  taken(event: RouterEvent): void;
  /** A session has it. */
  sent(eventId: string): void;
  answered(eventId: string): void;
  stop(): void;
}

export interface SignsOptions {
  readonly clock: Clock;
  readonly log: Log;
  chat(source: string): Pick<Chat, "typing"> | undefined;
  /** How long the platform of a source shows `typing`; undefined where it does not. */
  typingForMs(source: string): number | undefined;
}

/** A message that is unanswered after this time may never be answered. */
const typingBoundMs = 5 * 60 * 1_000;
/** For messages that no session has yet: they are kept, but nothing is being written. */
const maxTaken = 500;
const logEveryMs = 10 * 60 * 1_000;

export function createTypingSigns({ clock, log, chat, typingForMs }: SignsOptions): TypingIndicators {
  const taken = new Map<string, RouterEvent>();
  /** By conversation: two messages of one chat share one indicator. */
  const typing = new Map<string, { readonly eventIds: Set<string>; cancel(): void }>();
  let loggedMs: number | undefined;

  function logFailure(source: string, error: unknown): void {
    if (loggedMs !== undefined && clock.now() - loggedMs < logEveryMs) return;
    loggedMs = clock.now();
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(line`source ${source}: typing could not be shown: ${reason}`);
  }

  function show(event: RouterEvent, conversation: string, forMs: number, untilMs: number): void {
    const shown = typing.get(conversation);
    if (shown === undefined) return;
    if (clock.now() >= untilMs) {
      typing.delete(conversation);
      return;
    }
    void chat(event.source)
      ?.typing?.(event)
      .catch((error: unknown) => logFailure(event.source, error));
    const cancel = clock.after(forMs, () => show(event, conversation, forMs, untilMs));
    shown.cancel = cancel;
  }

  return {
    taken(event) {
      taken.set(event.id, event);
      const [oldest] = taken.keys();
      if (taken.size > maxTaken && oldest !== undefined) taken.delete(oldest);
    },
    sent(eventId) {
      const event = taken.get(eventId);
      if (event === undefined) return;
      taken.delete(eventId);
      const forMs = typingForMs(event.source);
      if (forMs === undefined) return;
      const conversation = `${event.source}/${event.conversation ?? event.id}`;
      const shown = typing.get(conversation);
      shown?.eventIds.add(eventId);
      if (shown !== undefined) return;
      typing.set(conversation, { eventIds: new Set([eventId]), cancel: () => undefined });
      show(event, conversation, forMs, clock.now() + typingBoundMs);
    },
    answered(eventId) {
      taken.delete(eventId);
      for (const [conversation, shown] of typing) {
        if (!shown.eventIds.has(eventId)) continue;
        shown.cancel();
        typing.delete(conversation);
      }
    },
    stop() {
      for (const { cancel } of typing.values()) cancel();
      typing.clear();
    },
  };
}
