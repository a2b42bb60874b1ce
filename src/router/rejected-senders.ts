// Messages of people who may not write, as traces for `why` and `events`: who, where and why, and nothing of what was written.
// Whoever floods a chat fills no list of ours: what is the same is told once a minute, and little of what is not.

import type { Clock } from "../contract.ts";
import type { Decision } from "./emit.ts";

export interface RejectedSenders {
  add(source: { readonly name: string; readonly type: string }, reason: string): void;
}

interface TurnedAwayOptions {
  readonly clock: Pick<Clock, "now">;
  newId(nowMs: number): string;
  observe(decision: Decision): void;
}

const withinMs = 60_000;
/** Of one source in that time. */
const maxTold = 10;
const maxReason = 200;

interface Told {
  sinceMs: number;
  /** How often each reason came; beyond `maxTold` of them the others are only counted. */
  readonly reasons: Map<string, number>;
  others: number;
}

export function createRejectedSenders({ clock, newId, observe }: TurnedAwayOptions): RejectedSenders {
  const bySource = new Map<string, Told>();

  /** What came since the last trace and is in none, in words for the next one. */
  function missed({ reasons, others }: Told): string {
    const again = [...reasons.values()].reduce((sum, count) => sum + count - 1, 0) + others;
    return again === 0 ? "" : `; ${again} more messages were turned away before, in no trace of their own`;
  }

  return {
    add({ name, type }, given) {
      const nowMs = clock.now();
      const reason = given.slice(0, maxReason).toWellFormed();
      let told = bySource.get(name);
      let before = "";
      if (told === undefined || Math.abs(nowMs - told.sinceMs) >= withinMs) {
        if (told !== undefined) before = missed(told);
        told = { sinceMs: nowMs, reasons: new Map(), others: 0 };
        bySource.set(name, told);
      }
      const count = told.reasons.get(reason);
      if (count !== undefined) told.reasons.set(reason, count + 1);
      else if (told.reasons.size >= maxTold) told.others += 1;
      if (count !== undefined || told.reasons.size >= maxTold) return;
      told.reasons.set(reason, 1);
      const step = { channel: name, filter: "access", pass: false, detail: `${reason}${before}` };
      observe({
        event: {
          id: newId(nowMs),
          source: name,
          connector: type,
          timeMs: nowMs,
          data: null,
          text: "",
          trust: "unverified",
        },
        outcome: "dropped",
        admission: {
          outcome: "dropped",
          deliveries: [],
          writes: [],
          pending: [],
          problems: [],
          trace: [step],
        },
      });
    },
  };
}
