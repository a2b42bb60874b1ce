// The loop guard: more than 30 events of one conversation, thread or key within a minute open its breaker,
// which stays open until a whole minute had no more than that. Held events are not dropped: they wait for
// `pending`. Events are counted by the time at which they were accepted, so a backlog that is handed over at
// once is not a loop.

import type { OpenEntry } from "../journal/open-entries.ts";
import { scopeOf } from "../key-parts.ts";
import type { DeliveryOptions } from "./delivery-options.ts";

const windowMs = 60_000;
const maxPerWindow = 30;
const maxKeys = 10_000;

export interface Breaker {
  /** `opens`: this event exceeds the limit; `open`: it is held, as the ones before it were. */
  judge(scope: string, atMs: number): "pass" | "opens" | "open";
}

/** The key to count by; undefined when the event has none. */
export function loopScope(
  sessionId: string,
  { channel, unproven }: Pick<OpenEntry, "channel" | "unproven">,
  { conversation, thread, loopKey }: DeliveryOptions,
): string | undefined {
  // Events that anybody could send must not hold back those of others.
  const who = scopeOf(sessionId, unproven === true);
  if (thread !== undefined) return `${who} thread ${thread}`;
  if (conversation !== undefined) return `${who} conversation ${conversation}`;
  return loopKey === undefined ? undefined : `${who} key ${channel} ${loopKey}`;
}

export function createBreaker(): Breaker {
  const windows = new Map<string, { startMs: number; count: number; open: boolean }>();
  return {
    judge(scope, atMs) {
      const window = windows.get(scope) ?? { startMs: atMs, count: 0, open: false };
      windows.delete(scope); // Deleted and set again, so that the order of the map is the order of use.
      windows.set(scope, window);
      if (windows.size > maxKeys) windows.delete(windows.keys().next().value as string);
      const ageMs = atMs - window.startMs;
      if (ageMs >= windowMs || ageMs < -windowMs) {
        const wasTooMuch = window.count > maxPerWindow && ageMs > 0 && ageMs < 2 * windowMs;
        window.open &&= wasTooMuch;
        window.startMs = atMs;
        window.count = 0;
      }
      window.count += 1;
      if (window.open) return "open";
      window.open = window.count > maxPerWindow;
      return window.open ? "opens" : "pass";
    },
  };
}
