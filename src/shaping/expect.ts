// `expect`: how long nothing has come from a source. Only time in which somebody listened counts, so what an earlier router waited is
// carried over and the time between is not. It is told once, until something comes again.

import type { Json } from "../contract.ts";
import { showDuration, showTime } from "./describe.ts";

export interface Silence {
  /** Of earlier routers, at the end of which this one began. */
  readonly carriedMs: number;
  readonly sinceMs: number;
  /** When something came last, perhaps in an earlier router's time. */
  readonly lastMs?: number;
  readonly isTold: boolean;
}

export function beginSilence(nowMs: number, stored: Json | undefined): Silence {
  const [carriedMs, lastMs, isTold] = Array.isArray(stored) ? stored : [];
  return {
    carriedMs: typeof carriedMs === "number" ? carriedMs : 0,
    sinceMs: nowMs,
    ...(typeof lastMs === "number" ? { lastMs } : {}),
    isTold: isTold === true,
  };
}

/** Something came then. */
export function breakSilence(silence: Silence, atMs: number): Silence {
  return atMs < silence.sinceMs || silence.lastMs === atMs
    ? silence
    : { carriedMs: 0, sinceMs: atMs, lastMs: atMs, isTold: false };
}

export function silentMs({ carriedMs, sinceMs }: Silence, nowMs: number): number {
  return carriedMs + Math.max(0, nowMs - sinceMs);
}

/** When it is to be told; Infinity when it was. */
export function dueMs({ carriedMs, sinceMs, isTold }: Silence, expectMs: number): number {
  return isTold ? Number.POSITIVE_INFINITY : sinceMs + expectMs - carriedMs;
}

export function storeSilence(silence: Silence, nowMs: number): Json {
  return [silentMs(silence, nowMs), silence.lastMs ?? null, silence.isTold];
}

export function describeSilence(source: string, expectMs: number, { lastMs }: Silence): string {
  const last = lastMs === undefined ? "nothing has come before" : `the last came at ${showTime(lastMs)}`;
  return `Nothing has come from ${source} for ${showDuration(expectMs)}; ${last}.`;
}
