// A router with its HTTP server and its state folder: the same for the stdio server and for `dev`.

import { dirname } from "node:path";
import { openClaimRegister } from "../cluster/claim-register.ts";
import { homeFolder, librariesFolder, realPath, runningFolder, stateFolder } from "../config/paths.ts";
import type { LoadedConfig } from "../config/values.ts";
import type { LentHost } from "../contract/host.ts";
import type { Power } from "../contract/power.ts";
import type { Clock, Log } from "../contract.ts";
import { createCommandWatch } from "../host/command-watch.ts";
import { createHttpClient } from "../host/http-client.ts";
import { loadLibraries } from "../host/libraries.ts";
import { secretFinder } from "../host/secret-mask.ts";
import { spawnGroup } from "../host/spawn.ts";
import { chooseListen } from "../http/bind-candidates.ts";
import { type AnsweredListener, createListener } from "../http/server.ts";
import { type NextListen, Router, type RouterOptions } from "../router/router.ts";
import { version } from "../version.ts";
import { isOfProject } from "./start/guard-environment.ts";
import type { ProvenConfig } from "./start/load-plan.ts";
import type { Consent } from "./trust/consent.ts";

interface OpenRouterOptions extends Omit<RouterOptions, "listener" | "claims"> {
  readonly loaded: LoadedConfig;
  /** Of the HTTP server. */
  readonly powers: readonly Power[];
  /** False for a router beside the leader of the same config. */
  readonly isLeader: boolean;
  readonly consent: Consent;
  /** Called with each address that the HTTP server listens on, as it is printed. */
  readonly onListen?: (address: string) => void;
  readonly onAnswered?: AnsweredListener;
}

/** What sources and sinks get from the environment. `secrets`: of every config so far. */
export function lend(file: string, clock: Clock, secrets: () => readonly string[]): LentHost {
  const folder = dirname(file);
  const watch = createCommandWatch();
  return {
    folder,
    load: (libraries) => loadLibraries(libraries, librariesFolder(process.env)),
    home: homeFolder(process.env),
    http: createHttpClient({ userAgent: `channel-router/${version}`, clock }),
    spawn: (command) =>
      spawnGroup(command, {
        folder,
        environment: withoutProject(process.env),
        isSecret: secretFinder(secrets()),
        watch,
      }),
  };
}

/**
 * For programs: anything the project set could make one of them do something else. PATH was checked before;
 * see guard-environment.ts.
 */
function withoutProject(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name === "PATH" || !isOfProject(name)));
}

/**
 * What the HTTP server of a running router needs to know of another config; it moves only when the address
 * differs.
 */
export async function nextListen(
  before: LoadedConfig,
  { loaded: { file, values }, plan }: Pick<ProvenConfig, "loaded" | "plan">,
  { consent, log }: { readonly consent: Consent; readonly log: Log },
): Promise<NextListen> {
  const { listenAddress, hosts, publicUrl } = values;
  const moves = JSON.stringify(before.values.listenAddress) !== JSON.stringify(listenAddress);
  return {
    hosts,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    trusted: () => plan.listen.powers.every(consent.allows),
    ...(moves ? await chooseListen(listenAddress, stateFolder(process.env, file), log) : {}),
  };
}

export async function openRouter({
  loaded,
  powers,
  isLeader,
  onListen,
  onAnswered,
  ...options
}: OpenRouterOptions): Promise<Router> {
  const { listenAddress, hosts, publicUrl } = loaded.values;
  const choice = await chooseListen(listenAddress, stateFolder(process.env, loaded.file), options.log);
  const listener = createListener({
    ...choice,
    hosts,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    trusted: () => powers.every(options.consent.allows),
    log: options.log,
    ...(onListen === undefined ? {} : { onListen }),
    onAnswered,
  });
  const claims = openClaimRegister({
    runningFolder: runningFolder(process.env),
    config: realPath(loaded.file),
    isLeader,
  });
  return new Router({ ...options, listener, claims });
}
