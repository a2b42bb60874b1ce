// `expect`: how long a source has sent nothing. Only time in which a router ran counts, so the time that an
// earlier router waited is carried over and the time between is not. It is reported once, until something
// arrives again.

import type { Json } from "../contract.ts";
import { showDuration, showTime } from "./describe.ts";

export interface Silence {
  /** Of earlier routers, up to the start of this one. */
  readonly carriedMs: number;
  readonly sinceMs: number;
  /** When the last event arrived, perhaps at an earlier router. */
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

/** An event arrived at this time. */
export function breakSilence(silence: Silence, atMs: number): Silence {
  return atMs < silence.sinceMs || silence.lastMs === atMs
    ? silence
    : { carriedMs: 0, sinceMs: atMs, lastMs: atMs, isTold: false };
}

export function silentMs({ carriedMs, sinceMs }: Silence, nowMs: number): number {
  return carriedMs + Math.max(0, nowMs - sinceMs);
}

/** When it should be reported; Infinity when it was. */
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
