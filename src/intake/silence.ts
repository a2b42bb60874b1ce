// Tells when nothing has come for a while. Signs of life are cheap: the timer looks back, it is not set anew for each.

import type { Clock } from "../contract.ts";

export interface Silence {
  /** Something came. Also ends a `hold`. */
  sign(): void;
  /** We do not read now, so that silence means nothing, until the next sign. */
  hold(): void;
  end(): void;
}

export interface SilenceOptions {
  readonly clock: Clock;
  readonly afterMs: number;
  /** Called once, and then no more. */
  onSilence(): void;
  /** Called when half of the time has passed in silence: to ask for a sign. */
  onHalf?(): void;
}

export function watchSilence({ clock, afterMs, onSilence, onHalf }: SilenceOptions): Silence {
  let lastMs = clock.now();
  let isHeld = false;
  let hasAsked = false;
  let cancel = () => {};

  function look(): void {
    if (isHeld) lastMs = clock.now();
    const quietMs = clock.now() - lastMs;
    if (quietMs >= afterMs) {
      onSilence();
      return;
    }
    if (quietMs >= afterMs / 2 && !hasAsked) {
      hasAsked = true;
      onHalf?.();
    }
    wait(hasAsked ? afterMs - quietMs : afterMs / 2 - quietMs);
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
