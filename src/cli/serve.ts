// What runs behind a session: the config proven, its sources started, the status tool; and, while there is no good config,
// the wait for one.

import { type ConfigPlace, findConfig } from "../config/places.ts";
import type { Log } from "../contract.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Router } from "../runtime/router.ts";
import type { OpenSession } from "../session/session.ts";
import { statusTool } from "../session/status.ts";
import { neutralise } from "../templates/neutralise.ts";
import { awaitChange } from "./await-change.ts";
import type { FastGreeting } from "./greeting.ts";
import { loadPlan, type ProvenConfig } from "./load-plan.ts";
import { openRouter } from "./open-router.ts";
import { statusReport } from "./status-report.ts";

interface ServeOptions {
  readonly found: ConfigPlace;
  /** What `--config` named. */
  readonly explicit: string | undefined;
  readonly session: OpenSession;
  readonly log: Log;
  readonly greeting: FastGreeting;
  onSecrets(secrets: readonly string[]): void;
}

export interface Serving {
  /** Settles only when a bug made serving impossible; it was logged. */
  readonly failed: Promise<void>;
  /** Idempotent; see Router.stop. */
  stop(deadline: AbortSignal): Promise<void>;
}

/** Begins at once and goes on by itself; what fails is told in the log and by the status tool. */
export function startServing(options: ServeOptions): Serving {
  const { session, log } = options;
  const ending = new AbortController();
  let found = options.found;
  let config: ProvenConfig | undefined;
  let router: Router | undefined;
  let delivered = 0;

  async function load(): Promise<boolean> {
    config = found.file === undefined ? undefined : await loadPlan(found.file);
    if (config !== undefined) options.onSecrets(config.loaded.secrets);
    tellProblems(config, found, log);
    return config !== undefined && config.issues.length === 0;
  }

  async function startRouter({ loaded, plan }: ProvenConfig): Promise<void> {
    router = await openRouter({
      loaded,
      clock: systemClock,
      log,
      detail: "decision",
      async deliver(event, signal) {
        await session.deliver(event, signal);
        delivered += 1;
      },
    });
    if (!ending.signal.aborted) await router.start(plan);
  }

  async function serve(): Promise<void> {
    let good = await load();
    options.greeting.settle(config?.loaded, config?.issues.length ?? 0).catch((error: Error) => {
      log.warn(`the state folder cannot be written, so each start takes a little longer: ${error.message}`);
    });
    const report = () => statusReport({ found, config, router: router?.report(), delivered });
    await session.attachTools([statusTool(report)], neutralise);
    while (!good) {
      if (
        !(await awaitChange(
          [...found.tried, ...(config?.loaded.files ?? []).map(({ path }) => path)],
          ending.signal,
        ))
      )
        return;
      found = findConfig({ explicit: options.explicit, env: process.env, cwd: process.cwd() });
      good = await load();
      if (good) log.info(`${found.file} is good now`);
    }
    if (!ending.signal.aborted) await startRouter(config as ProvenConfig);
  }

  const served = serve();
  const failed = new Promise<void>((resolve) => {
    served.catch((error: unknown) => {
      log.error(
        `the router could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      resolve();
    });
  });

  return {
    failed,
    async stop(deadline) {
      ending.abort();
      await Promise.race([served.catch(() => undefined), aborted(deadline)]);
      await router?.stop(deadline);
    },
  };
}

function tellProblems(config: ProvenConfig | undefined, found: ConfigPlace, log: Log): void {
  if (config === undefined) {
    log.warn(`no config file found; looked for ${found.tried.join(", ")}`);
    return;
  }
  for (const issue of config.issues) log.error(config.loaded.frame(issue));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
