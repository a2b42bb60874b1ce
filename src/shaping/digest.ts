// `digest`: when the group of a key closes. The first digest is sent `wait` after its first event; while
// digests follow one another, each is sent `every` after the previous one. A later event restarts the
// cadence.

import type { Json } from "../contract.ts";
import type { DigestOptions } from "./options.ts";

/** The last closing of a key. */
export interface Cadence {
  readonly closedMs: number;
  /** The last event in it: events up to it have been released. */
  readonly lastId: string;
}

export function digestDueMs(
  { everyMs, waitMs }: Pick<DigestOptions, "everyMs" | "waitMs">,
  firstMs: number,
  last: Cadence | undefined,
): number {
  const nextMs = last === undefined ? undefined : last.closedMs + everyMs;
  // A clock that was set back must not delay a digest for longer than its cadence.
  return nextMs !== undefined && firstMs < nextMs && nextMs - firstMs <= everyMs ? nextMs : firstMs + waitMs;
}

export function writeCadence({ closedMs, lastId }: Cadence): Json {
  return [closedMs, lastId];
}

export function readCadence(stored: Json | undefined): Cadence | undefined {
  const [closedMs, lastId] = Array.isArray(stored) ? stored : [];
  return typeof closedMs === "number" && typeof lastId === "string" ? { closedMs, lastId } : undefined;
}
