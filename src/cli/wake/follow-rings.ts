// A monitor or hook of the plugin: finds the router that has the session of its own client, and passes each ring on. Never says
// anything else, because Claude reads what it says.

import { runningFolder } from "../../config/paths.ts";
import { ringLine } from "../../contract/wake.ts";
import type { Json } from "../../contract.ts";
import type { ControlProtocol, RingPart, RingsAnswer } from "../../control/protocol.ts";
import { isRouterError } from "../../errors.ts";
import type { SafeLine } from "../../text.ts";
import type { CommandContext, RunningRouter } from "../context.ts";

type RingsArguments = ControlProtocol["rings"]["args"];

export interface FollowOptions {
  readonly args: RingsArguments;
  onRing(shown: SafeLine): void;
  /** Fires when the client is gone. */
  readonly signal: AbortSignal;
  pause(ms: number): Promise<void>;
  /** How long a router of this session is looked for: at the start, and after one has ended. Default: as long as the client lives. */
  readonly patienceMs?: { readonly first: number; readonly again: number };
}

/** Until the session's router is there, which is a few seconds after the client has started this. */
const pausesMs = [500, 1_000, 2_000, 5_000, 15_000, 30_000] as const;

/** Settles when nothing will ring any more. Never rejects. */
export async function followRings(
  context: Pick<CommandContext, "env" | "routers">,
  options: FollowOptions,
): Promise<void> {
  let leftMs = options.patienceMs?.first;
  for (let misses = 0; !options.signal.aborted; ) {
    const state = await askAll(context, options);
    if (state === "off" || state === "rung" || state === "replaced") return;
    // A router that had the session has ended: another one takes over within two seconds.
    misses = state === "lost" ? 0 : misses + 1;
    if (state === "lost") leftMs = options.patienceMs?.again;
    const pauseMs = pausesMs[Math.min(misses, pausesMs.length - 1)] as number;
    if (leftMs !== undefined) leftMs -= pauseMs;
    if (leftMs !== undefined && leftMs < 0) return;
    await options.pause(pauseMs);
  }
}

async function askAll(
  { env, routers }: Pick<CommandContext, "env" | "routers">,
  options: FollowOptions,
): Promise<RingsAnswer["state"] | "lost"> {
  for (const router of await routers.list(runningFolder(env))) {
    const state = await ask(routers, router, options);
    if (state !== "unknown" || options.signal.aborted) return state;
  }
  return "unknown";
}

async function ask(
  routers: CommandContext["routers"],
  router: RunningRouter,
  { args, onRing, signal }: FollowOptions,
): Promise<RingsAnswer["state"] | "lost"> {
  const startedMs = performance.now();
  try {
    const answer = await routers.call(router, "rings", args as Json, {
      signal,
      onPart(part) {
        const shown = ringLine((part as unknown as RingPart | null)?.waiting);
        if (shown !== undefined) onRing(shown);
      },
    });
    return (answer as unknown as RingsAnswer).state;
  } catch (error) {
    if (signal.aborted) return "replaced";
    if (!isRouterError(error)) throw error;
    // An older router does not know the command, and one that has just ended had this session.
    return error.code === "E_CONTROL" && performance.now() - startedMs > 1_000 ? "lost" : "unknown";
  }
}
