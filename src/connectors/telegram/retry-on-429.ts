// Retries when Telegram rate-limits a request (429, `retry_after`): briefly, because a caller waits for the
// result. Long polls wait in their loop instead, as long as necessary.

import type { Clock } from "../../contract.ts";
import { pause } from "../../waiting.ts";
import { TelegramRefusal } from "./api.ts";

const maxWaitMs = 60_000;

/** Runs `send` again after each such delay, while all delays together are at most a minute. */
export async function retryOn429<T>(clock: Clock, send: () => Promise<T>): Promise<T> {
  for (let waitedMs = 0; ; ) {
    try {
      return await send();
    } catch (error) {
      const waitMs = error instanceof TelegramRefusal ? error.retryAfterMs : undefined;
      if (waitMs === undefined || waitedMs + waitMs > maxWaitMs) throw error;
      waitedMs += waitMs;
      await pause(clock, waitMs);
    }
  }
}

/** One at a time per key: the parts of two answers to one chat are not interleaved. */
export function createQueueByKey(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
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
