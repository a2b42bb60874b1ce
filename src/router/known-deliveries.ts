// Recognizes repeated deliveries: by the sender's id, and by what the sender signed. Remembered with the
// event that a channel took, and not before: "redeliver" buttons send again what no channel wanted.

import type { Arrival, Memory, MemoryWrite, RouterEvent } from "../contract.ts";
import { isUnproven, scopeOf } from "../key-parts.ts";

export interface DeliveryMark {
  readonly scope: string;
  readonly key: string;
  readonly forMs: number;
  readonly limit: number;
}

const usualMs = 24 * 60 * 60 * 1_000;
const maxIds = 10_000;
/**
 * None may be evicted early, or its request could be replayed. Enough for 80 in a second with the usual
 * tolerance.
 */
const maxProofs = 50_000;

export function marksOf(source: string, { deliveryId, known, trust }: Arrival): DeliveryMark[] {
  const marks: DeliveryMark[] = [];
  const own = (kind: string) => scopeOf(`${source}/${kind}`, isUnproven(trust));
  if (deliveryId !== undefined)
    marks.push({
      scope: own("delivery"),
      key: deliveryId,
      forMs: known?.idMs ?? usualMs,
      limit: maxIds,
    });
  if (known?.proof !== undefined)
    marks.push({
      scope: own("proof"),
      key: known.proof.hash,
      forMs: known.proof.ms,
      limit: maxProofs,
    });
  return marks;
}

/** The event that was first with one of the marks; `pending` while it is being committed. */
export function firstKnown(
  memory: Memory,
  marks: readonly DeliveryMark[],
): { readonly eventId: string; readonly pending: Promise<unknown> | undefined } | undefined {
  for (const { scope, key } of marks) {
    const entry = memory.get(scope, key);
    if (entry !== undefined) return { eventId: String(entry.value), pending: entry.pending };
  }
  return undefined;
}

export function writeOf(
  { scope, key, forMs, limit }: DeliveryMark,
  { id, timeMs }: Pick<RouterEvent, "id" | "timeMs">,
): MemoryWrite {
  return { scope, key, value: id, untilMs: timeMs + forMs, limit };
}

/** The part of an arrival that becomes the event. */
export function withoutMarks(arrival: Arrival): Omit<Arrival, "known"> {
  if (arrival.known === undefined) return arrival;
  const { known: _, ...kept } = arrival;
  return kept;
}
