// A router with its listener and its place in the state folder: the same for the stdio server and for `dev`.

import { dirname } from "node:path";
import { homeFolder, realPath, runningFolder, stateFolder } from "../config/places.ts";
import type { LoadedConfig } from "../config/values.ts";
import type { SpawnOptions } from "../contract/host.ts";
import type { Log } from "../contract.ts";
import { powersOf } from "../plan/powers.ts";
import { openClaimRegister } from "../runtime/claim-register.ts";
import type { Consent } from "../runtime/consent.ts";
import { createHttpClient } from "../runtime/http-client.ts";
import { chooseListen } from "../runtime/listen-candidates.ts";
import { createListener } from "../runtime/listener.ts";
import { createRouter, type NextListen, type Router, type RouterOptions } from "../runtime/router.ts";
import { spawnGroup } from "../runtime/spawn.ts";
import { version } from "./version.ts";

interface OpenRouterOptions extends Omit<RouterOptions, "listener" | "lent" | "claims"> {
  readonly loaded: LoadedConfig;
  /** False for a router beside the owner of the same config. */
  readonly isOwner: boolean;
  readonly consent: Consent;
}

/** What the listener of a running router needs to know of another config; it moves only where the address differs. */
export async function nextListen(
  before: LoadedConfig,
  { file, values }: LoadedConfig,
  { consent, log }: { readonly consent: Consent; readonly log: Log },
): Promise<NextListen> {
  const { listenAddress, hosts, publicUrl } = values;
  const moves = JSON.stringify(before.values.listenAddress) !== JSON.stringify(listenAddress);
  return {
    hosts,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    trusted: () => powersOf(values).every(consent.allows),
    ...(moves ? await chooseListen(listenAddress, stateFolder(process.env, file), log) : {}),
  };
}

export async function openRouter({ loaded, isOwner, ...options }: OpenRouterOptions): Promise<Router> {
  const { listenAddress, hosts, publicUrl } = loaded.values;
  const choice = await chooseListen(listenAddress, stateFolder(process.env, loaded.file), options.log);
  const listener = createListener({
    ...choice,
    hosts,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    trusted: () => powersOf(loaded.values).every(options.consent.allows),
    log: options.log,
  });
  const folder = dirname(loaded.file);
  const lent = {
    folder,
    home: homeFolder(process.env),
    http: createHttpClient({ userAgent: `channel-router/${version}`, clock: options.clock }),
    spawn: (command: SpawnOptions) => spawnGroup(command, folder),
  };
  const claims = openClaimRegister({
    runningFolder: runningFolder(process.env),
    config: realPath(loaded.file),
    isOwner,
  });
  return createRouter({ ...options, listener, lent, claims });
}
