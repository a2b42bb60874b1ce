// Messages one at a time: each is checked and emitted before the next one, and retried until it is accepted.

import type { Clock } from "../contract.ts";
import { ConnectorError, DeliveryError } from "../errors.ts";

const firstWaitMs = 1_000;
const maxWaitMs = 30_000;
/** More than users write at a time: then it is better to fetch the messages again later. */
const maxWaiting = 1_000;

export interface Intake {
  /**
   * False when too many wait, and from then on: messages after a dropped one must not be processed before it.
   */
  add(take: () => Promise<void>): boolean;
  /** Settles when the queue is empty, or it was stopped. */
  drained(): Promise<void>;
  /** Clears the queue; settles when the current message has ended. */
  stop(): Promise<void>;
}

interface IntakeOptions {
  readonly clock: Clock;
  /** The message is skipped: it can be accepted neither now nor later. A bug is not a RouterError. */
  skipped(error: unknown): void;
  /** The platform cannot be reached: processing stops, and this message is the first to be fetched again. */
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
    // Stopped while the message was being rejected: nothing would wake this up.
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
