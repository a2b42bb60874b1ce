// Admits one event at a time, in the order of arrival, and a slow one in slices: a large event that many
// channels look at would otherwise delay everything else. Between two slices the event loop runs; no other
// event is admitted meanwhile, because what one leaves behind decides about the next.

import { yieldToEventLoop } from "../yield-to-event-loop.ts";

export interface AdmissionTurns {
  /** Undefined: it is the caller's turn. Otherwise wait until this settles. Every turn ends with `end`. */
  begin(): Promise<void> | undefined;
  /** Runs the steps, now as far as there is time, and the rest in the next turns of the event loop. */
  run<T>(steps: Generator<undefined, T>): T | Promise<T>;
  end(): void;
  /** For batches: settles when one of them could be admitted; undefined when it can now. */
  free(): Promise<void> | undefined;
}

/** How long one event may run in one turn of the event loop. One more step may be started. */
const sliceMs = 20;

/** `now`: milliseconds of a monotonic clock. */
export function createAdmissionTurns(now: () => number = () => performance.now()): AdmissionTurns {
  const waiting: (() => void)[] = [];
  let isTaken = false;

  function begin(): Promise<void> | undefined {
    if (isTaken) return new Promise((resolve) => waiting.push(resolve));
    isTaken = true;
    return undefined;
  }

  function end(): void {
    const grant = waiting.shift();
    // It stays taken: a new caller queues behind those that wait, each of which starts in a turn of its own.
    if (grant === undefined) isTaken = false;
    else setImmediate(grant);
  }

  function slice<T>(steps: Generator<undefined, T>): { readonly value: T } | undefined {
    const untilMs = now() + sliceMs;
    do {
      const step = steps.next();
      if (step.done === true) return { value: step.value };
    } while (now() < untilMs);
    return undefined;
  }

  async function goOn<T>(steps: Generator<undefined, T>): Promise<T> {
    for (;;) {
      await yieldToEventLoop();
      const result = slice(steps);
      if (result !== undefined) return result.value;
    }
  }

  return {
    begin,
    run(steps) {
      const result = slice(steps);
      return result === undefined ? goOn(steps) : result.value;
    },
    end,
    free: () => begin()?.then(end) ?? void end(),
  };
}
