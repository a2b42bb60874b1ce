// Waits where Telegram asks for it (429, `retry_after`): briefly, because somebody waits for the answer of what is sent. What
// asks for messages waits in its loop, for as long as it takes.

import type { Clock } from "../../contract.ts";
import { pause } from "../../waiting.ts";
import { TelegramRefusal } from "./api.ts";

const patienceMs = 60_000;

/** Runs `send` again after each such wait, as long as all of them together are no more than a minute. */
export async function patiently<T>(clock: Clock, send: () => Promise<T>): Promise<T> {
  for (let waitedMs = 0; ; ) {
    try {
      return await send();
    } catch (error) {
      const waitMs = error instanceof TelegramRefusal ? error.retryAfterMs : undefined;
      if (waitMs === undefined || waitedMs + waitMs > patienceMs) throw error;
      waitedMs += waitMs;
      await pause(clock, waitMs);
    }
  }
}

/** One after the other for each key: the parts of two answers to one chat do not mix. */
export function inTurns(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const done = before.then(work, work);
    last.set(key, done);
    const forget = () => {
      if (last.get(key) === done) last.delete(key);
    };
    done.then(forget, forget);
    return done;
  };
}
