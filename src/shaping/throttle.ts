// `throttle`: at most this many events of a key in a window, which its first event opens. The window does not
// slide. Decided at admission, so that the count is committed with the event and a restart or a reload
// continues it; events over the limit are in the journal too, and wait for the window to close.

import type { Json, Memory, MemoryWrite } from "../contract.ts";

export interface ThrottleParts {
  /** The scope of its windows: (channel, throttle, its own options). */
  readonly scope: string;
  readonly max: number;
  readonly perMs: number;
  /** How many keys are remembered; the oldest are evicted first. */
  readonly keys: number;
}

export interface ThrottleResult {
  readonly over: boolean;
  /** Its number within the window; for events over the limit, that of the first one. */
  readonly nth: number;
  /** When the window closes. */
  readonly untilMs: number;
  /** To be remembered once the event is committed. */
  readonly write?: MemoryWrite;
  /** The commit in progress that the answer depends on. */
  readonly pending?: Promise<unknown>;
}

export function countThrottle(
  parts: ThrottleParts,
  key: string,
  memory: Memory,
  nowMs: number,
): ThrottleResult {
  const { scope, max, perMs, keys } = parts;
  const found = memory.get(scope, key);
  const window = found === undefined ? undefined : readWindow(found.value);
  // A clock that was set back must not extend a window.
  const isOpen = window !== undefined && nowMs < window.startMs + perMs && nowMs >= window.startMs - perMs;
  const { startMs, count } = isOpen ? window : { startMs: nowMs, count: 0 };
  const untilMs = startMs + perMs;
  const nth = count + 1;
  if (nth > max)
    return { over: true, nth, untilMs, ...(found?.pending === undefined ? {} : { pending: found.pending }) };
  return { over: false, nth, untilMs, write: { scope, key, value: [startMs, nth], untilMs, limit: keys } };
}

function readWindow(value: Json): { readonly startMs: number; readonly count: number } | undefined {
  const [startMs, count] = Array.isArray(value) ? value : [];
  return typeof startMs === "number" && typeof count === "number" ? { startMs, count } : undefined;
}
