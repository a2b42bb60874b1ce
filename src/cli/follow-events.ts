// `events -f`: across changes of leader, each event once.

import { setTimeout as pause } from "node:timers/promises";
import type { EventAnswer, SkippedEvents } from "../control/protocol.ts";
import { ConnectorError, isRouterError } from "../errors.ts";
import { line, safeLine } from "../text.ts";
import type { CommandContext } from "./context.ts";
import { type RouterConnection, reachRouter } from "./find-router.ts";

const lookEveryMs = 100;
/** A shorter change of leader is not reported. */
const idleMs = 2_000;
/** An event may be listed this much later than its time: it is shown when it is on disk. */
const overlapMs = 2_000;
const maxRemembered = 20_000;

interface FollowOptions {
  readonly config: string | undefined;
  readonly limit: number;
  readonly signal: AbortSignal;
  show(part: EventAnswer | SkippedEvents): void;
}

/** Settles when the signal fires. Rejects when no router runs at the start, or when one does not know the command. */
export async function followEvents(options: FollowOptions, context: CommandContext): Promise<void> {
  const { config, limit, signal } = options;
  const shown = new Set<string>();
  const begun = new Date(context.now()).toISOString();
  let latest = begun;
  let isFirst = true;
  let failures = 0;
  let router = await reachRouter(context, config);

  function show(part: EventAnswer | SkippedEvents): void {
    failures = 0;
    if ("event_id" in part) {
      if (shown.has(part.event_id)) return;
      shown.add(part.event_id);
      if (shown.size > maxRemembered) shown.delete(shown.values().next().value as string);
      if (part.time > latest) latest = part.time;
    }
    options.show(part);
  }

  while (!signal.aborted) {
    const from = isFirst ? {} : { since: laterOf(begun, earlier(latest)) };
    try {
      const onPart = (part: unknown) => show(part as EventAnswer | SkippedEvents);
      await router.ask("events", { limit, follow: true, ...from }, { onPart, signal });
    } catch (error) {
      if (signal.aborted) return;
      if (!isLost(error)) throw error;
      failures += 1;
      // It still runs, and cannot be asked.
      if (failures === 2) context.note(safeLine(error.message));
    }
    isFirst = false;
    const next = await nextRouter(context, options, router.router.pid);
    if (next === undefined) return;
    router = next;
  }
}

function earlier(time: string): string {
  return new Date(Date.parse(time) - overlapMs).toISOString();
}

function laterOf(a: string, b: string): string {
  return a > b ? a : b;
}

function isLost(error: unknown): error is ConnectorError {
  return error instanceof ConnectorError && error.code === "E_CONTROL" && error.retryable;
}

/** Undefined when the signal fires first. */
async function nextRouter(
  context: CommandContext,
  { config, signal }: FollowOptions,
  lastPid: number,
): Promise<RouterConnection | undefined> {
  let waitedMs = 0;
  while (!signal.aborted) {
    await pause(lookEveryMs, undefined, { signal }).catch(() => undefined);
    waitedMs += lookEveryMs;
    try {
      return await reachRouter(context, config);
    } catch (error) {
      if (!isRouterError(error)) throw error;
      if (waitedMs === idleMs)
        context.note(line`the router (pid ${lastPid}) has ended; waiting for the next one`);
    }
  }
  return undefined;
}
