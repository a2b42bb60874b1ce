// A running schedule: each look finds the times that are due since the last durable one. The time is stored
// when its event is durable.

import type { Host } from "../../contract/host.ts";
import type { Arrival, Source } from "../../contract.ts";
import { createHandOver, type HandOver } from "../../intake/hand-over.ts";
import { createLoopSource } from "../../intake/loop-source.ts";
import { createSchedule, type DueTime, goOnFrom } from "../../intake/schedule.ts";
import type { CronOptions } from "./options.ts";

export function arrivalOf({ timeMs, missed }: DueTime): Arrival {
  const scheduled = new Date(timeMs).toISOString();
  return {
    data: missed === 0 ? { scheduled } : { scheduled, missed },
    text: missed === 0 ? scheduled : `${scheduled} (and ${missed} before it that were missed)`,
    trust: "local",
    deliveryId: scheduled,
  };
}

export function createCronSource(name: string, { at, tz, missed }: CronOptions, host: Host): Source {
  const { clock, store } = host;
  const schedule = createSchedule(at, tz, missed);
  let handOver: HandOver | undefined;

  const source = createLoopSource(name, host, {
    loop: (emit) => ({
      async run(signal) {
        const nowMs = clock.now();
        const noted = store.get("last");
        const lastMs = goOnFrom(noted, nowMs);
        if (lastMs !== noted) await store.set("last", lastMs);
        const due = schedule.due(lastMs, nowMs);
        if (due.length === 0) {
          // Missed times that are not made up for are skipped.
          const next = schedule.nextMs(lastMs);
          if (next !== undefined && next <= nowMs) await store.set("last", nowMs);
          return;
        }
        handOver = createHandOver(emit, clock, signal);
        for (const one of due) await handOver.give(arrivalOf(one));
        await handOver.settled();
        await store.set("last", (due.at(-1) as DueTime).timeMs);
      },
      pauseMs: schedule.pauseMs,
    }),
    place: () => `${at}${tz === undefined ? "" : ` (${tz})`}`,
    held: () => handOver?.held(),
  });
  return {
    ...source,
    health() {
      const { nextTryMs, ...health } = source.health?.() ?? { state: "stopped" };
      // It wakes up more often than it has work to do.
      const next = health.state === "running" ? schedule.nextMs(clock.now()) : nextTryMs;
      return { ...health, ...(next === undefined ? {} : { nextTryMs: next }) };
    },
  };
}
