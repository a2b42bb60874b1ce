// What we sent to ourselves comes back as if the person had written it: it is known by its beginning, for a short while.

import type { Clock } from "../../contract.ts";

/** Each is looked for once: only one that never comes back could hide what the person writes. */
const keptMs = 60_000;
const compared = 120;

export interface Echoes {
  sent(text: string): void;
  /** True once for each that was sent. */
  isEcho(text: string): boolean;
}

export function createEchoes(clock: Pick<Clock, "now">): Echoes {
  let recent: { readonly key: string; readonly untilMs: number }[] = [];
  const keyOf = (text: string) => text.replaceAll(/\s+/g, " ").trim().slice(0, compared);

  return {
    sent(text) {
      recent = recent.filter(({ untilMs }) => untilMs > clock.now());
      recent.push({ key: keyOf(text), untilMs: clock.now() + keptMs });
    },
    isEcho(text) {
      recent = recent.filter(({ untilMs }) => untilMs > clock.now());
      const at = recent.findIndex(({ key }) => key === keyOf(text));
      if (at < 0) return false;
      recent.splice(at, 1);
      return true;
    },
  };
}
