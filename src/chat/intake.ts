// Messages one after the other: each is judged and emitted before the next one is looked at, and tried again until it was
// taken.

import type { Clock } from "../contract.ts";
import { ConnectorError, DeliveryError } from "../errors.ts";

const firstWaitMs = 1_000;
const maxWaitMs = 30_000;
/** More of them wait than a person writes: then it is better to take them again later. */
const maxWaiting = 1_000;

export interface Intake {
  /** False when too many wait. */
  add(take: () => Promise<void>): boolean;
  /** Forgets what waits; settles when what is under way has ended. */
  stop(): Promise<void>;
}

interface IntakeOptions {
  readonly clock: Clock;
  /** The message is left out: it cannot be taken, now or later. A bug is no RouterError. */
  skipped(error: unknown): void;
  /** The platform cannot be reached: nothing more is taken, and this message is the first to be taken again. */
  broke(error: ConnectorError): void;
}

export function createIntake({ clock, skipped, broke }: IntakeOptions): Intake {
  const waiting: (() => Promise<void>)[] = [];
  let working: Promise<void> | undefined;
  let isStopped = false;
  let wake = () => {};

  async function work(): Promise<void> {
    for (let waitMs = firstWaitMs; waiting[0] !== undefined && !isStopped; ) {
      try {
        await waiting[0]();
        waiting.shift();
        waitMs = firstWaitMs;
      } catch (error) {
        if (error instanceof DeliveryError && error.retryable) {
          await pause(error.retryAfterMs ?? waitMs);
          waitMs = Math.min(waitMs * 2, maxWaitMs);
        } else if (error instanceof ConnectorError && error.retryable) {
          isStopped = true;
          broke(error);
        } else {
          waiting.shift();
          skipped(error);
        }
      }
    }
    working = undefined;
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
  }

  return {
    add(take) {
      if (isStopped) return true;
      if (waiting.length >= maxWaiting) return false;
      waiting.push(take);
      working ??= work();
      return true;
    },
    async stop() {
      isStopped = true;
      wake();
      await working;
    },
  };
}
