// Messages of users who may not write, as traces for `why` and `events`: who, where and why, but not the
// text. A flood must not fill these lists: equal messages are traced once a minute, and few different ones.

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
const maxTraced = 10;
const maxReason = 200;

interface Traced {
  sinceMs: number;
  /** How often each reason occurred; beyond `maxTraced` reasons the others are only counted. */
  readonly reasons: Map<string, number>;
  others: number;
}

export function createRejectedSenders({ clock, newId, observe }: TurnedAwayOptions): RejectedSenders {
  const bySource = new Map<string, Traced>();

  /** What arrived since the last trace without one of its own, as text for the next one. */
  function missed({ reasons, others }: Traced): string {
    const again = [...reasons.values()].reduce((sum, count) => sum + count - 1, 0) + others;
    return again === 0 ? "" : `; ${again} more messages were rejected before, without a trace of their own`;
  }

  return {
    add({ name, type }, given) {
      const nowMs = clock.now();
      const reason = given.slice(0, maxReason).toWellFormed();
      let traced = bySource.get(name);
      let before = "";
      if (traced === undefined || Math.abs(nowMs - traced.sinceMs) >= withinMs) {
        if (traced !== undefined) before = missed(traced);
        traced = { sinceMs: nowMs, reasons: new Map(), others: 0 };
        bySource.set(name, traced);
      }
      const count = traced.reasons.get(reason);
      if (count !== undefined) traced.reasons.set(reason, count + 1);
      else if (traced.reasons.size >= maxTraced) traced.others += 1;
      if (count !== undefined || traced.reasons.size >= maxTraced) return;
      traced.reasons.set(reason, 1);
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
