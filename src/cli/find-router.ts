// Finds the running router of a config and sends it a request. The file is looked up as `run` does it; the
// router is known by the file's real path, whatever state folder it has.

import type { ConfigLocation } from "../config/config-location.ts";
import { realPath, runningFolder } from "../config/paths.ts";
import type { Json } from "../contract.ts";
import type { ControlCommand, ControlProtocol } from "../control/protocol.ts";
import { configOfCommand, type Search } from "../daemon/start/find-config.ts";
import { ConnectorError, UsageError } from "../errors.ts";
import type { CommandContext, RunningRouter } from "./context.ts";
import { devFolder } from "./dev-control.ts";

export interface RouterConnection {
  readonly router: RunningRouter;
  /** Rejects as `Routers.call` does, with E_CONTROL when no answer comes in time. */
  ask<C extends ControlCommand>(
    command: C,
    args: ControlProtocol[C]["args"],
    options?: AskOptions,
  ): Promise<ControlProtocol[C]["answer"]>;
}

interface AskOptions {
  onPart?(part: Json): void;
  /** Ends a command that runs on; without it the answer must arrive in time. */
  readonly signal?: AbortSignal;
  /** Default 15 s: accepting an event may take 10. */
  readonly withinMs?: number;
}

type Seeker = Pick<CommandContext, "env" | "cwd" | "underClaude" | "routers">;

/** Throws a ConnectorError (E_CONTROL) when no router of this config runs. */
export async function reachRouter(context: Seeker, explicit: string | undefined): Promise<RouterConnection> {
  const file = configFile(context, explicit);
  const all = await context.routers.list(runningFolder(context.env));
  const router = all.find(({ config }) => config === realPath(file));
  if (router === undefined) throw noneRuns(file, all);
  return requireRouter(context, router);
}

/** The same for a command that `dev` answers too: a running router comes first. */
export async function reachRouterOrDev(
  context: Seeker,
  explicit: string | undefined,
): Promise<RouterConnection> {
  const file = realPath(configFile(context, explicit));
  const isOurs = ({ config }: RunningRouter) => config === file;
  if ((await context.routers.list(runningFolder(context.env))).some(isOurs))
    return reachRouter(context, explicit);
  const dev = (await context.routers.list(devFolder(context.env))).find(isOurs);
  return dev === undefined ? reachRouter(context, explicit) : requireRouter(context, dev);
}

export function requireRouter({ routers }: Seeker, router: RunningRouter): RouterConnection {
  return {
    router,
    async ask(command, args, { onPart, signal, withinMs = 15_000 } = {}) {
      const ending = signal ?? AbortSignal.timeout(withinMs);
      const options = { signal: ending, ...(onPart === undefined ? {} : { onPart }) };
      try {
        // The router's own text; a field that an older one does not have is printed as missing.
        return (await routers.call(router, command, args as Json, options)) as never;
      } catch (error) {
        if (signal !== undefined || !ending.aborted) throw error;
        throw new ConnectorError(
          "E_CONTROL",
          `pid ${router.pid} did not answer within ${withinMs / 1_000} s`,
          {
            hint: "it may be stopped or busy; channel-router doctor shows more",
          },
        );
      }
    },
  };
}

/** The running router of exactly this file. */
export async function findRouter(context: Seeker, file: string): Promise<RunningRouter | undefined> {
  const all = await context.routers.list(runningFolder(context.env));
  return all.find(({ config }) => config === realPath(file));
}

/** Throws a UsageError when no config file was found. */
export function configFile(context: Search, explicit: string | undefined): string {
  return configLocation(context, explicit).file;
}

/** The same, with whether the user chose it. */
export function configLocation(
  context: Search,
  explicit: string | undefined,
): ConfigLocation & { readonly file: string } {
  const found = configOfCommand(explicit, context);
  const { file, tried } = found;
  if (file !== undefined) return { ...found, file };
  throw new UsageError("E_USAGE", `no config file found; looked for ${tried.join(", ")}`, {
    hint: "channel-router init writes one here; or name one: --config FILE",
  });
}

function noneRuns(file: string, others: readonly RunningRouter[]): ConnectorError {
  const known = [...new Set(others.map(({ config }) => config))];
  const elsewhere = known.length === 0 ? "" : `; others run: --config ${known.join(", --config ")}`;
  return new ConnectorError("E_CONTROL", `no router runs for ${file}`, {
    hint: `start Claude Code with it, or channel-router up${elsewhere}`,
  });
}
