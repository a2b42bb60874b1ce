// Flow control in `dev`: there is no journal and no session, so a simulator runs beside the real clock and
// reports what one session would be sent, and when.

import { systemClock } from "../clock.ts";
import type { AcceptedEvent } from "../router/emit.ts";
import { createSimulator, type RehearsedDelivery, type SimulatorOptions } from "../testing/simulator.ts";

export interface DevFlow {
  /** Takes what was admitted. */
  accept(accepted: Pick<AcceptedEvent, "event" | "deliveries">): void;
  stop(): void;
}

export interface DevFlowPorts extends Pick<SimulatorOptions, "plan" | "newId"> {
  delivered(delivery: RehearsedDelivery): void;
  /** It is held at its arrival; `reason` is one line. */
  held(eventId: string, channel: string, reason: string): void;
  ended(eventId: string, channel: string, reason: string): void;
}

const maxTimerMs = 24 * 60 * 60_000;

export function createDevFlow({ plan, newId, delivered, held, ended }: DevFlowPorts): DevFlow {
  const rehearsal = createSimulator({
    plan,
    startMs: systemClock.now(),
    session: "dev",
    ...(newId === undefined ? {} : { newId }),
    onDelivered: delivered,
    onEnded({ id, channel, state, reason }) {
      if (state !== "folded") ended(id, channel, reason);
    },
  });
  let cancel = () => {};

  function arm(): void {
    cancel();
    const nextMs = rehearsal.nextMs();
    if (nextMs === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(Math.max(0, nextMs - systemClock.now()), maxTimerMs);
    cancel = systemClock.after(waitMs, () => {
      rehearsal.advance(systemClock.now());
      arm();
    });
  }

  return {
    accept({ event, deliveries }) {
      rehearsal.advance(systemClock.now());
      rehearsal.accept(event, deliveries);
      for (const { id, channel, reason } of rehearsal.waiting())
        if (id === event.id) held(id, channel, reason);
      arm();
    },
    stop: () => cancel(),
  };
}
