// The pause between the rounds of a loop that runs until a signal fires: it sleeps for a time, or until it is
// woken.

import { setTimeout as pause } from "node:timers/promises";

export interface WakeableSleep {
  /** Settles after this time, or when the signal fires. Keeps no process alive. */
  sleep(ms: number): Promise<void>;
  /**
   * Settles at the next `wake`, or at once when there was one since it last settled; or when the signal
   * fires.
   */
  untilWoken(): Promise<void>;
  wake(): void;
}

export function createWakeableSleep(signal: AbortSignal): WakeableSleep {
  let isWoken = false;
  let settle: (() => void) | undefined;

  function wake(): void {
    isWoken = true;
    settle?.();
  }

  signal.addEventListener("abort", wake, { once: true });
  return {
    wake,
    sleep: (ms) => pause(ms, undefined, { signal, ref: false }).catch(() => undefined), // The loops see the signal.
    async untilWoken() {
      if (!isWoken && !signal.aborted) {
        await new Promise<void>((resolve) => {
          settle = resolve;
        });
      }
      isWoken = false;
    },
  };
}
