// When one session is rung: an unanswered ring is repeated less and less often, and new events add no other. Pure: the
// time is passed in.

import type { Priority } from "../../journal/records.ts";

/** An event that waits for the session and may ring. */
export interface RingingEvent {
  readonly sinceMs: number;
  readonly priority: Priority;
}

/** What the next leader must know, so that it does not ring again for the same events. */
export interface RingState {
  /** Rings since the session last called `pending`. */
  readonly unanswered: number;
  /** 0 before the first. */
  readonly lastMs: number;
  /** When the last result of `pending` that the session received was counted; 0: never. */
  readonly answeredMs: number;
}

/** How long a ring waits for more events, so that a burst rings once. */
const gatherMs: Readonly<Record<Priority, number>> = { high: 0, normal: 1_000, low: 60_000 };
/** After the first, second and third unanswered ring. */
const backoffMs = [60_000, 5 * 60_000, 15 * 60_000] as const;
/** Between two rings, however fast each is answered. */
const leastGapMs = 2_000;

export const noRing: RingState = { unanswered: 0, lastMs: 0, answeredMs: 0 };

export class RingSchedule {
  #state: RingState;
  #notBeforeMs: number;

  constructor(state: RingState = noRing) {
    this.#state = state;
    this.#notBeforeMs = state.lastMs + gapAfter(state.unanswered);
  }

  get state(): RingState {
    return this.#state;
  }

  /** When to ring for these events; undefined if it must not. */
  dueMs(events: readonly RingingEvent[], nowMs: number): number | undefined {
    if (events.length === 0 || this.#state.unanswered >= backoffMs.length) return undefined;
    // One that came later than now came before the clock was set back.
    const since = (sinceMs: number) => (sinceMs > nowMs ? 0 : sinceMs);
    const first = Math.min(...events.map(({ sinceMs, priority }) => since(sinceMs) + gatherMs[priority]));
    return Math.max(first, this.restsUntilMs(nowMs));
  }

  /** When the pause after the last ring ends. If the clock was set back, the pause starts again. */
  restsUntilMs(nowMs: number): number {
    const longest = nowMs + gapAfter(this.#state.unanswered);
    if (this.#notBeforeMs > longest) this.#notBeforeMs = longest;
    return this.#notBeforeMs;
  }

  /** It was rung as often as allowed, and did not answer. */
  hasGivenUp(nowMs: number): boolean {
    return this.#state.unanswered >= backoffMs.length && this.restsUntilMs(nowMs) <= nowMs;
  }

  /** It is being rung. Call the result to undo this, if nothing was sent. */
  rang(nowMs: number): (failedMs: number) => void {
    const before = this.#state;
    const now = { ...before, unanswered: before.unanswered + 1, lastMs: nowMs };
    this.#state = now;
    this.#notBeforeMs = nowMs + gapAfter(now.unanswered);
    return (failedMs) => {
      if (this.#state !== now) return; // It has answered meanwhile.
      this.#state = before;
      this.#notBeforeMs = failedMs + backoffMs[0];
    };
  }

  /**
   * It received a result of `pending` that counted what waited at `countedMs`; undefined if the count was not complete.
   * `lastMs`: of the last ring before the count. A ring since then is not answered by it.
   */
  answered(countedMs: number | undefined, lastMs: number): void {
    const unanswered = this.#state.lastMs === lastMs ? 0 : Math.min(1, this.#state.unanswered);
    this.#state = { ...this.#state, unanswered, answeredMs: countedMs ?? this.#state.answeredMs };
    this.#notBeforeMs = this.#state.lastMs + gapAfter(unanswered);
  }
}

function gapAfter(unanswered: number): number {
  if (unanswered === 0) return leastGapMs;
  return backoffMs[Math.min(unanswered, backoffMs.length) - 1] as number;
}
