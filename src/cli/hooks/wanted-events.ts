// Reads from `match` which events the channels of a source take: only these are requested from the sender.

import type { Json } from "../../contract.ts";
import { isObject } from "../../json.ts";
import type { HookSender } from "./sender.ts";

type EventPaths = HookSender["eventPaths"];

/**
 * The events that these patterns can match, sorted; undefined if a pattern does not name its events by value and
 * could match any.
 */
export function wantedEvents(
  matches: readonly (Json | undefined)[],
  paths: EventPaths,
): string[] | undefined {
  const all = matches.map((match) => eventsOf(match, paths));
  if (all.length === 0 || all.includes(undefined)) return undefined;
  return [...new Set(all.flatMap((events) => events ?? []))].sort();
}

function eventsOf(match: Json | undefined, paths: EventPaths): string[] | undefined {
  if (Array.isArray(match)) return union(match.map((one) => eventsOf(one, paths)));
  if (!isObject(match)) return undefined;
  // All keys of a pattern must match, so the first that names events is enough.
  for (const [key, test] of Object.entries(match) as [string, Json][]) {
    const path = Object.keys(paths).find((one) => one === key.toLowerCase());
    const found =
      path !== undefined
        ? named(valuesOf(test), paths[path] as EventPaths[string])
        : key === "any" && Array.isArray(test)
          ? union(test.map((one) => eventsOf(one, paths)))
          : key === "all" && Array.isArray(test)
            ? test.map((one) => eventsOf(one, paths)).find((one) => one !== undefined)
            : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The values that a test accepts; undefined if it accepts others than those listed. */
function valuesOf(test: Json): string[] | undefined {
  if (typeof test === "string") return [test];
  if (Array.isArray(test)) return union(test.map(valuesOf));
  if (!isObject(test)) return undefined;
  if (typeof test.eq === "string") return [test.eq];
  return Array.isArray(test.in)
    ? union(test.in.map((one) => (typeof one === "string" ? [one] : undefined)))
    : undefined;
}

function named(values: string[] | undefined, eventOf: EventPaths[string]): string[] | undefined {
  return union(
    (values ?? [""]).map((value) => {
      const event = eventOf(value);
      return event === undefined ? undefined : [event];
    }),
  );
}

function union(all: readonly (string[] | undefined)[]): string[] | undefined {
  return all.length === 0 || all.includes(undefined) ? undefined : all.flatMap((one) => one ?? []);
}
