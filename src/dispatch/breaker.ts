// The loop guard: more than 30 events of one conversation, thread or key within a minute open its breaker, which stays open
// until a whole minute had no more than that. What it keeps back is not dropped: it waits for `pending`. Counted by the time
// at which events were accepted, so that a backlog handed over at once is no loop.

import { scopeOf } from "../apart.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import type { DeliveryOptions } from "./delivery-options.ts";

const windowMs = 60_000;
const maxPerWindow = 30;
const maxKeys = 10_000;

export interface Breaker {
  /** `opens`: this is the event that is one too many; `open`: it is kept back, as the ones before it. */
  judge(scope: string, atMs: number): "pass" | "opens" | "open";
}

/** What is counted together; undefined when the event has nothing to be known by. */
export function loopScope(
  sessionId: string,
  { channel, unproven }: Pick<OpenEntry, "channel" | "unproven">,
  { conversation, thread, loopKey }: DeliveryOptions,
): string | undefined {
  // What anybody could send must not keep back what others do.
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
      windows.delete(scope); // Set anew, so that the order stays the order of use.
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
