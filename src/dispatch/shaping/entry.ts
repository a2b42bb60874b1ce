// An open entry with its delivery, as shaping takes it.

import type { JsonObject } from "../../contract.ts";
import type { OpenEntry } from "../../journal/open-entries.ts";
import type { Delivery } from "../../journal/records.ts";
import type { ShapedEntry } from "../../shaping/member.ts";
import { readStoredShaping } from "../../shaping/stored-terms.ts";
import { readDeliveryOptions } from "../delivery-options.ts";

type Stored = Pick<ShapedEntry, "shaping" | "options">;

/** As for delivery options: parsed once. */
const known = new WeakMap<JsonObject, Stored>();

export function shapedEntry(
  entry: Pick<OpenEntry, "id" | "channel" | "position" | "priority" | "untilMs" | "attempt" | "changedMs">,
  delivery: Pick<Delivery, "meta" | "terms" | "tokens">,
): ShapedEntry {
  const { id, channel, position, priority, untilMs, attempt, changedMs } = entry;
  const stored = known.get(delivery.terms) ?? parse(delivery.terms, changedMs);
  known.set(delivery.terms, stored);
  return {
    id,
    channel,
    position,
    priority,
    ...(untilMs === undefined ? {} : { untilMs }),
    attempt,
    tokens: delivery.tokens,
    meta: delivery.meta,
    ...stored,
  };
}

/** `changedMs`: when it was accepted, which an earlier version did not store in the terms. */
function parse(stored: JsonObject, changedMs: number): Stored {
  const { source, to, receipt, conversation, thread, unproven, configFile } = readDeliveryOptions(stored);
  return {
    shaping: readStoredShaping(stored, changedMs),
    options: {
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
