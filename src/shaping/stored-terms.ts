// Reads an event's shaping terms back from the journal. Another version may have written them: anything not
// understood is skipped, and nothing throws.

import type { Json, JsonObject } from "../contract.ts";
import { objectOrNone } from "../json.ts";
import type { Reason, StoredShaping, SumOptions } from "./options.ts";

const reasons: ReadonlySet<string> = new Set<Reason>(["throttle", "digest", "quiet", "hour"]);

/** `fallbackMs`: its arrival time, if the terms do not contain it. */
export function readStoredShaping(stored: JsonObject, fallbackMs: number): StoredShaping {
  const options = objectOrNone(stored.shaping);
  if (options === undefined) return { atMs: fallbackMs };
  const throttled = objectOrNone(options.throttled);
  const sums = readSum(objectOrNone(options.sums));
  return {
    atMs: number(options.atMs) ?? fallbackMs,
    ...(typeof throttled?.key === "string" && number(throttled.untilMs) !== undefined
      ? { throttled: { key: throttled.key, untilMs: throttled.untilMs as number } }
      : {}),
    ...(typeof options.digest === "string" ? { digest: options.digest } : {}),
    ...(typeof options.supersede === "string" ? { supersede: options.supersede } : {}),
    ...(sums === undefined ? {} : { sums }),
  };
}

function readSum(stored: JsonObject | undefined): SumOptions | undefined {
  if (stored === undefined || !reasons.has(String(stored.reason))) return undefined;
  const firstMs = number(stored.firstMs);
  const lastMs = number(stored.lastMs);
  const count = number(stored.count);
  if (firstMs === undefined || lastMs === undefined || count === undefined) return undefined;
  const lines = (Array.isArray(stored.lines) ? stored.lines : []).flatMap((item) => {
    const line = objectOrNone(item);
    if (typeof line?.id !== "string" || typeof line.line !== "string") return [];
    return [{ id: line.id, line: line.line, atMs: number(line.atMs) ?? lastMs }];
  });
  return {
    reason: stored.reason as Reason,
    count,
    firstMs,
    lastMs,
    lines,
    ...(stored.part === true ? { part: true } : {}),
  };
}

function number(value: Json | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
