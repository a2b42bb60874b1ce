// A plan at work without a journal, a port or a clock: what its channels admit and would deliver, and when. Time stands still
// until it is moved, so the same arrivals give the same answer.

import type { Arrival, MemoryWrite, RouterEvent } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import type { PlannedDelivery } from "../../plan/delivery.ts";
import type { Admission, Plan } from "../../plan/plan.ts";
import { createMemory } from "../../runtime/memory.ts";

export interface Rehearsed {
  readonly event: RouterEvent;
  /** Absent when its delivery id had been seen before. */
  readonly admission?: Admission;
  readonly outcome: Admission["outcome"];
}

export interface RehearsedDelivery {
  readonly timeMs: number;
  readonly delivery: Omit<PlannedDelivery, "untilMs">;
  /** The events that it stands for: itself, or the members of a digest, oldest first. */
  readonly members: readonly string[];
}

export interface Rehearsal {
  nowMs(): number;
  send(source: string, arrival: Arrival): Rehearsed;
  /** Moves time on to then. */
  advance(toMs: number): void;
  delivered(): readonly RehearsedDelivery[];
}

const deliveryIdMs = 24 * 60 * 60_000;

export function createRehearsal(options: {
  readonly plan: Plan;
  readonly startMs: number;
  newId(nowMs: number): string;
}): Rehearsal {
  let nowMs = options.startMs;
  const memory = createMemory({ now: () => nowMs, after: () => () => {} });
  const delivered: RehearsedDelivery[] = [];
  return {
    nowMs: () => nowMs,
    send(source, arrival) {
      const planned = options.plan.sources.find(({ name, enabled }) => name === source && enabled);
      if (planned === undefined) throw new UsageError("E_USAGE", `no source called ${source} is on`);
      const id = options.newId(nowMs);
      const event = { ...arrival, id, source, connector: planned.type.type, timeMs: nowMs };
      const scope = `${source}/delivery`;
      const key = event.deliveryId;
      if (key !== undefined && memory.get(scope, key) !== undefined) return { event, outcome: "duplicate" };
      const admission = planned.admit(event, memory, nowMs, { detail: "trace" });
      if (admission.deliveries.length > 0) {
        const seen: MemoryWrite[] =
          key === undefined ? [] : [{ scope, key, value: id, untilMs: nowMs + deliveryIdMs, limit: 10_000 }];
        memory.stage([...admission.writes, ...seen], Promise.resolve());
      }
      for (const delivery of admission.deliveries) delivered.push({ timeMs: nowMs, delivery, members: [id] });
      return { event, admission, outcome: admission.outcome };
    },
    advance(toMs) {
      nowMs = Math.max(nowMs, toMs);
    },
    delivered: () => delivered,
  };
}
