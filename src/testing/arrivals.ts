// From a test's `send` to the arrival that its source would emit, and its time.

import { type Fixtures, payloadOf } from "../config/fixtures.ts";
import { parseDuration } from "../config/units.ts";
import type { Arrival, JsonObject, RouterEvent } from "../contract.ts";
import { UsageError } from "../errors.ts";
import type { PlannedSource } from "../plan/plan.ts";
import type { Send } from "./test-case.ts";

/** A Monday morning in 2026, in UTC: the start of a test that gives none. */
export const defaultStartMs = Date.UTC(2026, 0, 5, 9);

/** `recorded` is the stored event that `send.event` names. */
export function arrivalOf(
  send: Send,
  source: PlannedSource,
  fixtures: Fixtures,
  recorded: RouterEvent | undefined,
): Arrival {
  const said = {
    ...(send.method === undefined ? {} : { method: send.method.toUpperCase() }),
    ...(send.path === undefined ? {} : { path: send.path }),
    ...(send.query === undefined ? {} : { query: texts(send.query) }),
    ...(send.params === undefined ? {} : { params: texts(send.params) }),
    ...(send.remote === undefined ? {} : { remote: send.remote }),
    ...(send.sender === undefined ? {} : { sender: send.sender }),
  };
  if (recorded !== undefined) {
    const { id, source: _, connector, timeMs, deliveryId, ...arrival } = recorded;
    return { ...arrival, ...said };
  }
  const payload = payloadOf(send, fixtures);
  const headers = lowerCase(texts(send.headers ?? {}));
  const sample = source.type.sampleArrival(source.options as JsonObject, payload.text, headers, source.code);
  return {
    ...sample,
    ...(typeof payload.data === "object" && payload.data !== null ? { data: payload.data } : {}),
    ...(send.text === undefined ? {} : { text: send.text }),
    ...said,
  };
}

/** `0s` after the start, `+5m` after the last one, or an absolute time. Milliseconds since the epoch. */
export function timeOf(at: string | undefined, startMs: number, lastMs: number): number {
  if (at === undefined) return lastMs;
  const absolute = absoluteMs(at);
  if (absolute !== undefined) return absolute;
  return at.startsWith("+") ? lastMs + durationOf(at.slice(1)) : startMs + durationOf(at);
}

/** Of an RFC 3339 time; undefined for a duration. */
export function absoluteMs(at: string | undefined): number | undefined {
  if (at === undefined || !at.includes("T")) return undefined;
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) throw new UsageError("E_USAGE", `${at} is not a valid time`);
  return ms;
}

export function durationOf(text: string): number {
  return parseDuration(text) ?? 0;
}

function texts(values: Readonly<Record<string, string | number | boolean>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
