// Runs in a monitor or hook of the plugin: finds the router that serves the session of the same client, and passes
// on each ring. It writes nothing else, because Claude reads its output.

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
  /** How long a router may take to accept this process or to answer. */
  readonly acceptWithinMs?: number;
  /** How long a router of this session is looked for: at the start, and after one has ended. Default: as long as the client lives. */
  readonly patienceMs?: { readonly first: number; readonly again: number };
}

/** Between two searches for the session's router, which starts a few seconds after this process. */
const pausesMs = [500, 1_000, 2_000, 5_000, 15_000, 30_000] as const;

const usualAcceptMs = 5_000;

/** Settles when there will be no more rings. Never rejects. */
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

type RouterState = RingsAnswer["state"] | "lost";

/** Asks all at once: a session can have several routers, and one that hangs must not keep the others from ringing. */
async function askAll(
  { env, routers }: Pick<CommandContext, "env" | "routers">,
  options: FollowOptions,
): Promise<RouterState> {
  const running = await routers.list(runningFolder(env));
  const decided = new AbortController();
  const signal = AbortSignal.any([options.signal, decided.signal]);
  try {
    return await new Promise<RouterState>((resolve, reject) => {
      const asking = running.map(async (router) => {
        const state = await ask(routers, router, { ...options, signal });
        if (state !== "off" && state !== "unknown") resolve(state);
        return state;
      });
      // One router does not decide for another one of the same session.
      Promise.all(asking).then((states) => resolve(states.includes("off") ? "off" : "unknown"), reject);
    });
  } finally {
    decided.abort();
  }
}

async function ask(
  routers: CommandContext["routers"],
  router: RunningRouter,
  { args, onRing, signal, acceptWithinMs = usualAcceptMs }: FollowOptions,
): Promise<RouterState> {
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(), acceptWithinMs);
  let isAccepted = false;
  try {
    const answer = await routers.call(router, "rings", args as Json, {
      signal: AbortSignal.any([signal, silent.signal]),
      onPart(part) {
        clearTimeout(timer);
        isAccepted = true;
        const shown = ringLine((part as unknown as RingPart | null)?.waiting);
        if (shown !== undefined && !signal.aborted) onRing(shown);
      },
    });
    return (answer as unknown as RingsAnswer).state;
  } catch (error) {
    if (signal.aborted) return "replaced";
    if (silent.signal.aborted) return "unknown";
    if (!isRouterError(error)) throw error;
    // A router that had accepted this process has ended. Others hang, or reject the command because they are older.
    return error.code === "E_CONTROL" && isAccepted ? "lost" : "unknown";
  } finally {
    clearTimeout(timer);
  }
}
