// `expect`: how long a source has sent nothing. Only time in which a router ran counts, so the time that an
// earlier router waited is carried over and the time between is not. It is reported once, until something
// arrives again.

import type { Json } from "../contract.ts";
import { showDuration } from "../dates.ts";
import { showTime } from "./describe.ts";

export interface Heartbeat {
  /** Of earlier routers, up to the start of this one. */
  readonly carriedMs: number;
  readonly sinceMs: number;
  /** When the last event arrived, perhaps at an earlier router. */
  readonly lastMs?: number;
  readonly isReported: boolean;
}

export function startHeartbeat(nowMs: number, stored: Json | undefined): Heartbeat {
  const [carriedMs, lastMs, isReported] = Array.isArray(stored) ? stored : [];
  return {
    carriedMs: typeof carriedMs === "number" ? carriedMs : 0,
    sinceMs: nowMs,
    ...(typeof lastMs === "number" ? { lastMs } : {}),
    isReported: isReported === true,
  };
}

/** An event arrived at this time. */
export function beat(heartbeat: Heartbeat, atMs: number): Heartbeat {
  return atMs < heartbeat.sinceMs || heartbeat.lastMs === atMs
    ? heartbeat
    : { carriedMs: 0, sinceMs: atMs, lastMs: atMs, isReported: false };
}

export function missingMs({ carriedMs, sinceMs }: Heartbeat, nowMs: number): number {
  return carriedMs + Math.max(0, nowMs - sinceMs);
}

/** When it should be reported; Infinity when it was. */
export function dueMs({ carriedMs, sinceMs, isReported }: Heartbeat, expectMs: number): number {
  return isReported ? Number.POSITIVE_INFINITY : sinceMs + expectMs - carriedMs;
}

export function storeHeartbeat(heartbeat: Heartbeat, nowMs: number): Json {
  return [missingMs(heartbeat, nowMs), heartbeat.lastMs ?? null, heartbeat.isReported];
}

export function describeMissing(source: string, expectMs: number, { lastMs }: Heartbeat): string {
  const last = lastMs === undefined ? "nothing has come before" : `the last came at ${showTime(lastMs)}`;
  return `Nothing has come from ${source} for ${showDuration(expectMs)}; ${last}.`;
}
