// What a source reports about itself: its address, its health, its log lines. Shows neither a secret in its
// options, nor the value of a variable in an option that is sent nowhere.

import type { Log } from "../contract.ts";
import type { PlannedSource } from "../plan/plan.ts";
import { masked } from "../text.ts";
import { createMask, maskAll } from "./secret-mask.ts";
import type { HostOptions } from "./source-host.ts";

type Hidden = PlannedSource["hidden"];

/** Nothing but the texts in it changes. */
export function hideInReport<T extends object>(hidden: Hidden, report: T): T {
  return hidden.length === 0 ? report : (maskAll(report, createMask(hidden)) as T);
}

export function hideInMessages(hidden: Hidden, words: Pick<HostOptions, "log" | "announce">): typeof words {
  if (hidden.length === 0) return words;
  const mask = createMask(hidden);
  const { log, announce } = words;
  const hiding =
    (write: Log["info"]): Log["info"] =>
    (shown) =>
      write(masked(shown, mask));
  return {
    log: { info: hiding(log.info), warn: hiding(log.warn), error: hiding(log.error) },
    ...(announce === undefined
      ? {}
      : { announce: (content, subject) => announce(masked(content, mask), subject) }),
  };
}
