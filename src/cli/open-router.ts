// A router with its listener and its place in the state folder: the same for the stdio server and for `dev`.

import { stateFolder } from "../config/places.ts";
import type { LoadedConfig } from "../config/values.ts";
import type { Clock, Log, Rendered } from "../contract.ts";
import type { Decision } from "../runtime/emit.ts";
import { chooseListen } from "../runtime/listen-candidates.ts";
import { createListener } from "../runtime/listener.ts";
import { createRouter, type Router } from "../runtime/router.ts";

interface OpenRouterOptions {
  readonly loaded: LoadedConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly detail: "decision" | "trace";
  deliver(event: Rendered, signal: AbortSignal): Promise<void>;
  observe?(decision: Decision): void;
}

export async function openRouter({ loaded, ...options }: OpenRouterOptions): Promise<Router> {
  const { listenAddress, hosts, publicUrl } = loaded.values;
  const choice = await chooseListen(listenAddress, stateFolder(process.env, loaded.file), options.log);
  const listener = createListener({
    ...choice,
    hosts,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    trusted: process.env.CHANNEL_ROUTER_TRUST === "all",
    log: options.log,
  });
  return createRouter({ ...options, listener });
}
