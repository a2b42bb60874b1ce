// What a group knows of its members without storing them: how many, since when, and what a digest of them
// inherits: the strictest receipt, the highest priority, the latest expiry, and everything they agree on.

import type { GroupOptions, ShapedEntry } from "./member.ts";

export interface Facts {
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** The greatest id. */
  readonly lastId: string;
  readonly priority: ShapedEntry["priority"];
  /** Absent: one of them has no expiry. */
  readonly untilMs?: number;
  /** Attributes that all have, beside the router's own; `trust` when one has it. */
  readonly meta: Readonly<Record<string, string>>;
  readonly options: GroupOptions;
}

/** Set again for a digest. */
const renewed: ReadonlySet<string> = new Set(["channel", "event_id", "count", "error", "attempt", "thread"]);
const priorities = ["low", "normal", "high"] as const;

export function factsOf({ id, priority, untilMs, meta, shaping, options }: ShapedEntry): Facts {
  const { atMs, sums } = shaping;
  return {
    count: sums?.count ?? 1,
    firstMs: sums?.firstMs ?? atMs,
    lastMs: sums?.lastMs ?? atMs,
    lastId: id,
    priority,
    ...(untilMs === undefined ? {} : { untilMs }),
    meta: Object.fromEntries(Object.entries(meta).filter(([key]) => !renewed.has(key))),
    options,
  };
}

export function joinFacts(one: Facts, other: Facts): Facts {
  return {
    count: one.count + other.count,
    firstMs: Math.min(one.firstMs, other.firstMs),
    lastMs: Math.max(one.lastMs, other.lastMs),
    lastId: later(one.lastId, other.lastId),
    priority:
      priorities[Math.max(priorities.indexOf(one.priority), priorities.indexOf(other.priority))] ?? "normal",
    ...(one.untilMs === undefined || other.untilMs === undefined
      ? {}
      : { untilMs: Math.max(one.untilMs, other.untilMs) }),
    meta: commonMeta(one.meta, other.meta),
    options: commonOptions(one.options, other.options),
  };
}

/** `joinFacts` for one more event, without allocating when it equals those before: a group has thousands. */
export function addFacts(facts: Facts, entry: ShapedEntry): Facts {
  const { id, priority, untilMs, meta, shaping, options } = entry;
  const isLike =
    shaping.sums === undefined &&
    priority === facts.priority &&
    (untilMs === undefined) === (facts.untilMs === undefined) &&
    facts.meta.trust === meta.trust &&
    sameMeta(facts.meta, meta) &&
    haveSameOptions(facts.options, options);
  if (!isLike) return joinFacts(facts, factsOf(entry));
  const { atMs } = shaping;
  return {
    ...facts,
    count: facts.count + 1,
    firstMs: Math.min(facts.firstMs, atMs),
    lastMs: Math.max(facts.lastMs, atMs),
    lastId: later(facts.lastId, id),
    ...(untilMs === undefined ? {} : { untilMs: Math.max(untilMs, facts.untilMs ?? 0) }),
  };
}

function haveSameOptions(one: GroupOptions, other: GroupOptions): boolean {
  return (
    one.source === other.source &&
    one.conversation === other.conversation &&
    one.thread === other.thread &&
    one.configFile === other.configFile &&
    one.receipt?.ackWithinMs === other.receipt?.ackWithinMs &&
    one.receipt?.attempts === other.receipt?.attempts
  );
}

function later(one: string, other: string): string {
  if (one > other) return one;
  return other;
}

function commonMeta(one: Facts["meta"], other: Facts["meta"]): Facts["meta"] {
  const trust = one.trust ?? other.trust;
  const isSame = one === other || (one.trust === trust && sameMeta(one, other));
  if (isSame) return one;
  const common = Object.entries(one).filter(([key, value]) => key !== "trust" && other[key] === value);
  return { ...(trust === undefined ? {} : { trust }), ...Object.fromEntries(common) };
}

/** Nearly always equal: then nothing is allocated for an event that joins a group of thousands. */
function sameMeta(one: Facts["meta"], other: Facts["meta"]): boolean {
  for (const key in one) if (one[key] !== other[key]) return false;
  return true;
}

function commonOptions(one: GroupOptions, other: GroupOptions): GroupOptions {
  const receipt = strictest(one.receipt, other.receipt);
  return {
    source: other.source,
    to: one.to,
    ...(receipt === undefined ? {} : { receipt }),
    ...shared("conversation", one, other),
    ...shared("thread", one, other),
    ...shared("unproven", one, other),
    ...shared("configFile", one, other),
  };
}

function strictest(one: GroupOptions["receipt"], other: GroupOptions["receipt"]): GroupOptions["receipt"] {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    ackWithinMs: Math.min(one.ackWithinMs, other.ackWithinMs),
    attempts: Math.max(one.attempts, other.attempts),
  };
}

function shared<K extends "conversation" | "thread" | "unproven" | "configFile">(
  key: K,
  one: GroupOptions,
  other: GroupOptions,
): Pick<GroupOptions, K> | object {
  return one[key] !== undefined && one[key] === other[key] ? { [key]: one[key] } : {};
}
