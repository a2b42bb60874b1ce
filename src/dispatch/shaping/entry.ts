// An open entry with its delivery, as shaping takes it.

import type { OpenEntry } from "../../journal/open-entries.ts";
import type { Delivery } from "../../journal/records.ts";
import type { ShapedEntry } from "../../shaping/member.ts";
import { readShapingTerms } from "../../shaping/stored-terms.ts";
import { readDeliveryOptions } from "../delivery-options.ts";

export function shapedEntry(
  entry: Pick<OpenEntry, "id" | "channel" | "position" | "priority" | "untilMs" | "attempt" | "changedMs">,
  delivery: Pick<Delivery, "meta" | "terms" | "tokens">,
): ShapedEntry {
  const { id, channel, position, priority, untilMs, attempt, changedMs } = entry;
  const { source, to, receipt, conversation, thread, unproven, configFile } = readDeliveryOptions(
    delivery.terms,
  );
  return {
    id,
    channel,
    position,
    priority,
    ...(untilMs === undefined ? {} : { untilMs }),
    attempt,
    tokens: delivery.tokens,
    meta: delivery.meta,
    shaping: readShapingTerms(delivery.terms, changedMs),
    terms: {
      source,
      to: JSON.stringify(to),
      ...(receipt === undefined ? {} : { receipt }),
      ...(conversation === undefined ? {} : { conversation }),
      ...(thread === undefined ? {} : { thread }),
      ...(unproven === undefined ? {} : { unproven }),
      ...(configFile === undefined ? {} : { configFile }),
    },
  };
}
