// Detects an idle connection. Activity is cheap to record: the timer looks back instead of being reset each
// time.

import type { Clock } from "../contract.ts";

export interface IdleTimeout {
  /** Data arrived. Also ends a `hold`. */
  sign(): void;
  /** Reading is paused, so the idle time does not count until the next activity. */
  hold(): void;
  end(): void;
}

export interface IdleTimeoutOptions {
  readonly clock: Clock;
  readonly afterMs: number;
  /** Called once, and then no more. */
  onIdle(): void;
  /** Called when half of the idle time has passed: to send a ping. */
  onHalf?(): void;
}

export function createIdleTimeout({ clock, afterMs, onIdle, onHalf }: IdleTimeoutOptions): IdleTimeout {
  let lastMs = clock.now();
  let isHeld = false;
  let hasAsked = false;
  let cancel = () => {};

  function look(): void {
    if (isHeld) lastMs = clock.now();
    const idleMs = clock.now() - lastMs;
    if (idleMs >= afterMs) {
      onIdle();
      return;
    }
    if (idleMs >= afterMs / 2 && !hasAsked) {
      hasAsked = true;
      onHalf?.();
    }
    wait(hasAsked ? afterMs - idleMs : afterMs / 2 - idleMs);
  }

  function wait(ms: number): void {
    cancel = clock.after(Math.max(1, Math.ceil(ms)), look);
  }

  wait(afterMs / 2);
  return {
    sign() {
      lastMs = clock.now();
      isHeld = false;
      hasAsked = false;
    },
    hold() {
      isHeld = true;
    },
    end: () => cancel(),
  };
}
