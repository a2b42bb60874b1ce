// Messages one after the other: each is judged and emitted before the next one is looked at, and tried again until it was
// taken.

import type { Clock } from "../contract.ts";
import { ConnectorError, DeliveryError } from "../errors.ts";

const firstWaitMs = 1_000;
const maxWaitMs = 30_000;
/** More of them wait than a person writes: then it is better to take them again later. */
const maxWaiting = 1_000;

export interface Intake {
  /** False when too many wait, and from then on: what comes behind one that was left out must not be taken before it. */
  add(take: () => Promise<void>): boolean;
  /** Settles when what waits was taken, or it was stopped. */
  drained(): Promise<void>;
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
  let isFull = false;
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

  async function pause(ms: number): Promise<void> {
    // Stopped while the message was being refused: nobody would wake this.
    if (isStopped) return;
    await new Promise<void>((resolve) => {
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
      isFull ||= waiting.length >= maxWaiting;
      if (isFull) return false;
      waiting.push(take);
      working ??= work();
      return true;
    },
    async drained() {
      await working;
    },
    async stop() {
      isStopped = true;
      wake();
      await working;
    },
  };
}
