// From a test's `send` to the arrival that its source would emit, and its time. Payloads may be in files
// below the folder of the test; nothing else is read.

import { realpathSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { bundledFolder, packedFixture } from "../config/recipe/bundled.ts";
import { parseDuration } from "../config/units.ts";
import type { Arrival, Json, JsonObject, RouterEvent } from "../contract.ts";
import { UsageError } from "../errors.ts";
import { isObject, readJson } from "../json.ts";
import type { PlannedSource } from "../plan/plan.ts";
import { readRegularSync } from "../regular-file.ts";
import type { Send } from "./test-case.ts";

export interface Payload {
  /** As sent over the wire. */
  readonly text: string;
  /** Set when the test gives `data`. */
  readonly data?: Json;
}

/** A Monday morning in 2026, in UTC: the start of a test that gives none. */
export const defaultStartMs = Date.UTC(2026, 0, 5, 9);

const maxFixtureBytes = 8 * 1024 * 1024;

export interface Fixtures {
  /**
   * Throws a UsageError for a file that is missing, is outside the folder, or is not JSON although its name
   * says so.
   */
  read(path: string): Payload;
  /** Every file that was read, absolute. */
  files(): readonly string[];
}

/** Reads each file once. */
export function openFixtures(folder: string): Fixtures {
  const known = new Map<string, Payload>();
  const asked = new Set<string>();
  return {
    files: () => [...asked],
    read(path) {
      asked.add(resolve(folder, path));
      const earlier = known.get(path);
      if (earlier !== undefined) return earlier;
      const text = readBelow(folder, path);
      const payload = path.endsWith(".json") ? { text, data: parsed(text, path) } : { text };
      known.set(path, payload);
      return payload;
    },
  };
}

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

/** What the test sends, as the source would read it. */
export function textOf(send: Send, fixtures: Fixtures): string {
  return payloadOf(send, fixtures).text;
}

function payloadOf({ data, text }: Send, fixtures: Fixtures): Payload {
  const file = fileOf(data);
  if (file !== undefined) return fixtures.read(file);
  if (data === undefined) return { text: text ?? "{}" };
  return { text: typeof data === "string" ? data : JSON.stringify(data), data };
}

/** Exactly `{file: PATH}`. */
export function fileOf(data: Json | undefined): string | undefined {
  if (!isObject(data)) return undefined;
  const { file, ...others } = data;
  return typeof file === "string" && Object.keys(others).length === 0 ? file : undefined;
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

function readBelow(folder: string, path: string): string {
  const hint = "a payload is a file in the folder of the test or below it";
  const file = resolve(folder, path);
  let real: string;
  try {
    real = realpathSync(file);
  } catch {
    const packed = folder === bundledFolder() ? packedFixture(path) : undefined;
    if (packed !== undefined) return packed;
    throw new UsageError("E_USAGE", `the file ${path} does not exist`, { hint });
  }
  const inside = relative(realpathSync(folder), real);
  if (inside === ".." || inside.startsWith(`..${sep}`) || resolve(inside) === inside)
    throw new UsageError("E_USAGE", `the file ${path} is outside the folder of the test`, { hint });
  const bytes = readAtOnce(real, path);
  if (bytes.length > maxFixtureBytes)
    throw new UsageError("E_USAGE", `the file ${path} is larger than 8 MiB`);
  return bytes.toString("utf8");
}

function readAtOnce(real: string, path: string): Buffer {
  try {
    return readRegularSync(real);
  } catch (error) {
    throw new UsageError("E_USAGE", `the file ${path} cannot be read: ${(error as Error).message}`);
  }
}

function parsed(text: string, path: string): Json {
  try {
    return readJson(text);
  } catch (error) {
    throw new UsageError("E_USAGE", `the file ${path} is not JSON: ${(error as Error).message}`);
  }
}

function texts(values: Readonly<Record<string, string | number | boolean>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
