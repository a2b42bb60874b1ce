// One event is admitted at a time, in the order of arrival, and one that takes long in slices: a large event that many channels look
// at would otherwise keep everything else waiting. Between two slices the event loop goes round; no other event is admitted meanwhile,
// because what one leaves behind decides about the next.

import { yieldToEventLoop } from "../yield-to-event-loop.ts";

export interface AdmissionTurns {
  /** Undefined: it is the caller's turn. Otherwise it is when this settles. Every turn ends with `end`. */
  begin(): Promise<void> | undefined;
  /** Takes the steps, now as far as there is time for them, and the others in the next turns of the event loop. */
  run<T>(steps: Generator<undefined, T>): T | Promise<T>;
  end(): void;
  /** For many that are admitted in one go: settles when one of them could be; undefined when it can now. */
  free(): Promise<void> | undefined;
}

/** How long one event may take in a turn of the event loop. One step more may be begun. */
const sliceMs = 20;

/** `now`: milliseconds of a clock that only goes forward. */
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
    // It stays taken: whoever comes now comes behind those who wait, each of whom begins in a turn of its own.
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
