// The delivery of one event on one channel, ready to be committed: the final text, and its delivery options.
// The options are plain data, because they are read again from the journal, perhaps by another process with
// another plan.

import type { Rendered, RouterEvent } from "../contract.ts";
import { isUnproven } from "../key-parts.ts";
import type { PlannedChannel, PlannedDelivery } from "./plan.ts";
import type { Shape } from "./shaping.ts";

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
