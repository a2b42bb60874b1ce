// A router with its listener and its place in the state folder: the same for the stdio server and for `dev`.

import { stateFolder } from "../config/places.ts";
import type { LoadedConfig } from "../config/values.ts";
import { powersOf } from "../plan/powers.ts";
import type { Consent } from "../runtime/consent.ts";
import { chooseListen } from "../runtime/listen-candidates.ts";
import { createListener } from "../runtime/listener.ts";
import { createRouter, type Router, type RouterOptions } from "../runtime/router.ts";

interface OpenRouterOptions extends Omit<RouterOptions, "listener"> {
  readonly loaded: LoadedConfig;
  readonly consent: Consent;
}

export async function openRouter({ loaded, ...options }: OpenRouterOptions): Promise<Router> {
  const { listenAddress, hosts, publicUrl } = loaded.values;
  const choice = await chooseListen(listenAddress, stateFolder(process.env, loaded.file), options.log);
  const listener = createListener({
    ...choice,
    hosts,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    trusted: () => powersOf(loaded.values).every(options.consent.allows),
    log: options.log,
  });
  return createRouter({ ...options, listener });
}
