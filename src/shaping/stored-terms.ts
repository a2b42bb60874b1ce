// Reads an event's shaping terms back from the journal. Another version may have written them: anything not
// understood is skipped, and nothing throws.

import type { Json, JsonObject } from "../contract.ts";
import type { Reason, ShapingTerms, SumTerms } from "./options.ts";

const reasons: ReadonlySet<string> = new Set<Reason>(["throttle", "digest", "quiet", "hour"]);

/** `fallbackMs`: its arrival time, if the terms do not contain it. */
export function readShapingTerms(stored: JsonObject, fallbackMs: number): ShapingTerms {
  const terms = asObject(stored.shaping);
  if (terms === undefined) return { atMs: fallbackMs };
  const throttled = asObject(terms.throttled);
  const sums = readSum(asObject(terms.sums));
  return {
    atMs: number(terms.atMs) ?? fallbackMs,
    ...(typeof throttled?.key === "string" && number(throttled.untilMs) !== undefined
      ? { throttled: { key: throttled.key, untilMs: throttled.untilMs as number } }
      : {}),
    ...(typeof terms.digest === "string" ? { digest: terms.digest } : {}),
    ...(typeof terms.supersede === "string" ? { supersede: terms.supersede } : {}),
    ...(sums === undefined ? {} : { sums }),
  };
}

function readSum(stored: JsonObject | undefined): SumTerms | undefined {
  if (stored === undefined || !reasons.has(String(stored.reason))) return undefined;
  const firstMs = number(stored.firstMs);
  const lastMs = number(stored.lastMs);
  const count = number(stored.count);
  if (firstMs === undefined || lastMs === undefined || count === undefined) return undefined;
  const lines = (Array.isArray(stored.lines) ? stored.lines : []).flatMap((item) => {
    const line = asObject(item);
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

function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

function number(value: Json | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
