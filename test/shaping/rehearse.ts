// A rehearsal of channels typed in a test, at times counted in seconds from a Monday at 09:00 UTC.

import type { Arrival, Json } from "../../src/contract.ts";
import { createSimulator, type SimulatedEvent, type Simulator } from "../../src/testing/simulator.ts";
import { compileOf } from "../plan/plan-of.ts";

export const mondayMs = Date.UTC(2026, 0, 5, 9);

export interface Stage extends Simulator {
  /** `data` at so many seconds. */
  at(seconds: number, data: Json, more?: Partial<Arrival>): SimulatedEvent;
  until(seconds: number): void;
  /** `[seconds, content]` of all that was delivered. */
  told(): [number, string][];
}

export async function stageOf(...[channels, more]: Parameters<typeof compileOf>): Promise<Stage> {
  const { plan, issues } = await compileOf(channels, more);
  if (issues.length > 0)
    throw new Error(issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n"));
  let count = 0;
  const rehearsal = createSimulator({
    plan,
    startMs: mondayMs,
    newId: () => `e${String(++count).padStart(5, "0")}`,
  });
  return {
    nowMs: () => rehearsal.nowMs(),
    send: (source, arrival) => rehearsal.send(source, arrival),
    accept: (event, deliveries) => rehearsal.accept(event, deliveries),
    advance: (toMs) => rehearsal.advance(toMs),
    nextMs: () => rehearsal.nextMs(),
    delivered: () => rehearsal.delivered(),
    ended: () => rehearsal.ended(),
    waiting: () => rehearsal.waiting(),
    at(seconds, data, arrival) {
      rehearsal.advance(mondayMs + seconds * 1_000);
      return rehearsal.send("post", { data, text: JSON.stringify(data), trust: "verified", ...arrival });
    },
    until: (seconds) => rehearsal.advance(mondayMs + seconds * 1_000),
    told: () =>
      rehearsal.delivered().map(({ timeMs, delivery }) => [(timeMs - mondayMs) / 1_000, delivery.content]),
  };
}
