// What a person sees in their chat while Claude works on what they wrote: that an answer is being written, from when a session has
// the message until it was answered or too long ago. A courtesy: a sign that fails is told once in a while, and nothing else
// comes of it.

import type { Chat } from "../../contract/chat.ts";
import type { Clock, Log, RouterEvent } from "../../contract.ts";
import { line } from "../../text.ts";

export interface TypingSigns {
  /** The message is safe with us. */
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
  /** How long the platform of a source shows `typing`; undefined where it shows none. */
  typingForMs(source: string): number | undefined;
}

/** Whoever has not answered by then may not answer at all. */
const typingBoundMs = 5 * 60 * 1_000;
/** For messages that no session has: they are not forgotten, but nothing is being written. */
const maxTaken = 500;
const tellEveryMs = 10 * 60 * 1_000;

export function createTypingSigns({ clock, log, chat, typingForMs }: SignsOptions): TypingSigns {
  const taken = new Map<string, RouterEvent>();
  /** By conversation: two messages of one chat are one sign. */
  const typing = new Map<string, { readonly eventIds: Set<string>; cancel(): void }>();
  let toldMs: number | undefined;

  function tell(source: string, error: unknown): void {
    if (toldMs !== undefined && clock.now() - toldMs < tellEveryMs) return;
    toldMs = clock.now();
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(line`source ${source}: typing could not be shown: ${reason}`);
  }

  function show(event: RouterEvent, place: string, forMs: number, untilMs: number): void {
    const shown = typing.get(place);
    if (shown === undefined) return;
    if (clock.now() >= untilMs) {
      typing.delete(place);
      return;
    }
    void chat(event.source)
      ?.typing?.(event)
      .catch((error: unknown) => tell(event.source, error));
    const cancel = clock.after(forMs, () => show(event, place, forMs, untilMs));
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
      const place = `${event.source}/${event.conversation ?? event.id}`;
      const shown = typing.get(place);
      shown?.eventIds.add(eventId);
      if (shown !== undefined) return;
      typing.set(place, { eventIds: new Set([eventId]), cancel: () => undefined });
      show(event, place, forMs, clock.now() + typingBoundMs);
    },
    answered(eventId) {
      taken.delete(eventId);
      for (const [place, shown] of typing) {
        if (!shown.eventIds.has(eventId)) continue;
        shown.cancel();
        typing.delete(place);
      }
    },
    stop() {
      for (const { cancel } of typing.values()) cancel();
      typing.clear();
    },
  };
}
