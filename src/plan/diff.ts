// The difference between two plans, in terms of the necessary actions. Compares fingerprints, and does not
// depend on running objects. Disabled sources are not included.

import { countOf } from "../text/clip.ts";
import { isRoute } from "./claims.ts";
import type { Plan, PlannedSource } from "./plan.ts";

/** Names, in the order of their plan. */
export interface Changes {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly kept: readonly string[];
}

export interface PlanDiff {
  /**
   * A `changed` source needs a new object; `retuned` ones are among the `kept`: only their `rate` or `expect`
   * differs.
   */
  readonly sources: Changes & { readonly retuned: readonly string[] };
  readonly channels: Changes;
  readonly sinks: Changes;
  /** The order of the channels changed. */
  readonly reordered: boolean;
  /** Another address, not only another spelling. */
  readonly listen: boolean;
  /** Address, origin or mode of the console changed. */
  readonly console: boolean;
  /** The hourly token budget of sessions changed. */
  readonly budget: boolean;
  /** Approvers, times or tools of permission prompts changed. */
  readonly permissions: boolean;
  /** How sessions that do not show channels are woken changed. */
  readonly wake: boolean;
  /** The tools of Claude changed. */
  readonly tools: boolean;
  /**
   * Removed or replaced sources that hold an exclusive resource of a new one: they must stop first. Paths of
   * the listener are not included.
   */
  readonly stopFirst: readonly string[];
}

export function diffPlans(before: Plan, after: Plan): PlanDiff {
  const sources = compare(enabled(before), enabled(after));
  const channels = compare(before.channels, after.channels);
  const tuned = ({ rate, expectMs }: PlannedSource) => [rate, expectMs];
  const earlier = new Map(enabled(before).map((source) => [source.name, tuned(source)]));
  return {
    sources: {
      ...sources,
      retuned: enabled(after)
        .filter(({ name }) => sources.kept.includes(name))
        .filter((source) => !isSame(earlier.get(source.name), tuned(source)))
        .map(({ name }) => name),
    },
    channels,
    sinks: compare(before.sinks, after.sinks),
    reordered: !isSame(orderOf(before, channels.removed), orderOf(after, channels.added)),
    listen: !isSame(before.listen.address, after.listen.address),
    console: !isSame(settingsOf(before), settingsOf(after)),
    budget: before.hour !== after.hour,
    permissions: before.permissions?.fingerprint !== after.permissions?.fingerprint,
    wake: before.wake?.power.hash !== after.wake?.power.hash,
    tools: !isSame(toolsOf(before), toolsOf(after)),
    stopFirst: contested(before, after, sources),
  };
}

/** `+1 channel, ~1 source, -2 sources`; undefined when the plans are equivalent. */
export function describeDiff({
  sources,
  channels,
  sinks,
  reordered,
  listen,
  console,
  budget,
  permissions,
  wake,
}: PlanDiff): string | undefined {
  const parts = [
    ...count("+", "source", sources.added),
    ...count("~", "source", [...sources.changed, ...sources.retuned]),
    ...count("-", "source", sources.removed),
    ...count("+", "channel", channels.added),
    ...count("~", "channel", channels.changed),
    ...count("-", "channel", channels.removed),
    ...count("+", "sink", sinks.added),
    ...count("~", "sink", sinks.changed),
    ...count("-", "sink", sinks.removed),
    ...(reordered ? ["order of channels changed"] : []),
    ...(listen ? ["listen address changed"] : []),
    ...(console ? ["console changed"] : []),
    ...(budget ? ["budget.hour changed"] : []),
    ...(permissions ? ["permissions changed"] : []),
    ...(wake ? ["wake changed"] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}

function settingsOf({ console: { powers: _, ...settings } }: Plan): unknown {
  return settings;
}

const mostNames = 3;

function count(sign: string, noun: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, mostNames).join(", ");
  const more = names.length > mostNames ? ", ..." : "";
  return [`${sign}${countOf(names.length, noun)} (${shown}${more})`];
}

function enabled({ sources }: Plan): readonly PlannedSource[] {
  return sources.filter((source) => source.enabled);
}

interface Component {
  readonly name: string;
  readonly fingerprint: string;
}

function compare(before: readonly Component[], after: readonly Component[]): Changes {
  const earlier = new Map(before.map(({ name, fingerprint }) => [name, fingerprint]));
  const later = new Set(after.map(({ name }) => name));
  const names = (which: (one: Component) => boolean) => after.filter(which).map(({ name }) => name);
  return {
    added: names(({ name }) => !earlier.has(name)),
    removed: before.filter(({ name }) => !later.has(name)).map(({ name }) => name),
    changed: names(({ name, fingerprint }) => earlier.has(name) && earlier.get(name) !== fingerprint),
    kept: names(({ name, fingerprint }) => earlier.get(name) === fingerprint),
  };
}

function orderOf({ channels }: Plan, without: readonly string[]): string[] {
  const left = new Set(without);
  return channels.flatMap(({ name }) => (left.has(name) ? [] : [name]));
}

function toolsOf({ channels, sinks }: Plan): unknown[] {
  return [
    sinks.map(({ name, description, input }) => [name, description, input]),
    channels.some(({ receipt }) => receipt !== undefined),
    channels.some(({ answers }) => answers.length > 0),
  ];
}

function contested(before: Plan, after: Plan, { added, removed, changed }: Changes): string[] {
  const starting = new Set([...added, ...changed]);
  const ending = new Set([...removed, ...changed]);
  const wanted = new Set(
    enabled(after)
      .filter(({ name }) => starting.has(name))
      .flatMap(({ claims }) => claims.filter((claim) => !isRoute(claim))),
  );
  return enabled(before)
    .filter(({ name, claims }) => ending.has(name) && claims.some((claim) => wanted.has(claim)))
    .map(({ name }) => name);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
