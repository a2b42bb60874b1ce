// The event that reports missing events: on the first channel of its source, with that channel's priority,
// receipt and target.

import type { RouterEvent } from "../contract.ts";
import { blockTokens, finalContent } from "../templates/budget.ts";
import { planDelivery } from "./delivery.ts";
import type { Plan, PlannedDelivery, PlannedSource } from "./plan.ts";

export interface Absence {
  readonly event: RouterEvent;
  readonly delivery: PlannedDelivery;
}

/** Undefined when no channel reads the source. */
export function absenceOf(
  { channels }: Pick<Plan, "channels">,
  { name, type }: PlannedSource,
  { id, nowMs, text }: { readonly id: string; readonly nowMs: number; readonly text: string },
): Absence | undefined {
  const channel = channels.find(({ from }) => from.includes(name));
  if (channel === undefined) return undefined;
  const event: RouterEvent = {
    id,
    source: name,
    connector: type.type,
    timeMs: nowMs,
    data: text,
    text,
    trust: "local",
  };
  const meta = { channel: channel.name, event_id: id };
  const content = finalContent(text, channel.budget - blockTokens(meta, ""));
  const rendered = { eventId: id, channel: channel.name, content, meta, tokens: blockTokens(meta, content) };
  return { event, delivery: planDelivery(channel, event, rendered) };
}
