// The delivery of one event on one channel, ready to be committed: the final text, and its delivery options.
// The options are plain data, because they are read again from the journal, perhaps by another process with
// another plan.

import { isUnproven } from "../apart.ts";
import type { Priority, Receipt, Target } from "../config/values.ts";
import type { Rendered, RouterEvent } from "../contract.ts";
import type { ShapingTerms } from "../shaping/options.ts";
import type { PlannedChannel } from "./plan.ts";
import type { Shape } from "./shaping.ts";

export interface PlannedDelivery extends Rendered {
  readonly priority: Priority;
  /** Not delivered at or after this time. */
  readonly untilMs: number;
  readonly terms: StoredDeliveryOptions;
}

/** A type, not an interface: it must be assignable to a JSON object. */
export type StoredDeliveryOptions = {
  readonly source: string;
  readonly to: Target;
  /** Absent: no receipt is expected. */
  readonly receipt?: Receipt;
  readonly conversation?: string;
  /** Events of one thread go to the same session. */
  readonly thread?: string;
  /** Anybody could have made the event. */
  readonly unproven?: true;
  /** The key of the loop guard for events without thread and conversation. */
  readonly loopKey?: string;
  readonly shaping?: ShapingTerms;
};

export function planDelivery(
  channel: PlannedChannel,
  event: RouterEvent,
  rendered: Rendered,
  { thread, terms: shaping }: Pick<Shape, "thread" | "terms"> = {},
  loopKey?: string,
): PlannedDelivery {
  const ttlMs = channel.ownTtl ? channel.ttlMs : (event.ttlMs ?? channel.ttlMs);
  return {
    ...rendered,
    priority: channel.priority,
    // The journal writes integers; `ttl: 300000d` would otherwise exceed the exact range of a number.
    untilMs: Math.min(event.timeMs + ttlMs, Number.MAX_SAFE_INTEGER),
    terms: {
      source: event.source,
      to: channel.to,
      ...(channel.receipt === undefined ? {} : { receipt: channel.receipt }),
      ...(event.conversation === undefined ? {} : { conversation: event.conversation }),
      ...(thread === undefined ? {} : { thread }),
      ...(isUnproven(event.trust) ? { unproven: true } : {}),
      ...(loopKey === undefined ? {} : { loopKey }),
      ...(shaping === undefined ? {} : { shaping }),
    },
  };
}
