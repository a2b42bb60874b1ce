// What an owner does for its clients: reads and proves the config, opens the journal, runs the sources, dispatches to the
// sessions, answers the commands. Its clients are greeted at once; everything else comes as soon as it is there.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ConfigPlace, findConfig, realPath } from "../config/places.ts";
import type { Log } from "../contract.ts";
import { compileGlob } from "../filters/glob.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Consent } from "../runtime/consent.ts";
import { createDispatcher, type Dispatcher } from "../runtime/dispatch/dispatcher.ts";
import { createEventIds } from "../runtime/event-id.ts";
import { createMemory } from "../runtime/memory.ts";
import type { Service } from "../runtime/ownership/host.ts";
import type { OwnerRole } from "../runtime/ownership/owner.ts";
import { ownerPath } from "../runtime/ownership/owner-file.ts";
import type { Router } from "../runtime/router.ts";
import { createTraceRing, type TraceRing } from "../runtime/trace-ring.ts";
import { awaitChange } from "./await-change.ts";
import { greetFast } from "./greeting.ts";
import { loadPlan, type ProvenConfig } from "./load-plan.ts";
import { openRouter } from "./open-router.ts";
import { consentOf } from "./power-answers.ts";
import { askForConsent } from "./service-consent.ts";
import { createControlService } from "./service-control.ts";
import { type Members, openMembers } from "./service-members.ts";
import { createResumption } from "./service-resumption.ts";
import { createTally, type Tally } from "./service-tally.ts";
import { toolsFor } from "./service-tools.ts";

export interface ServiceOptions {
  readonly role: OwnerRole;
  readonly found: ConfigPlace;
  readonly explicit: string | undefined;
  /** The state folder of the config. */
  readonly folder: string;
  readonly log: Log;
  /** True for a router that `up` started. */
  readonly background: boolean;
  onSecrets(secrets: readonly string[]): void;
  end(): void;
}

/** What runs once there is a good config. */
export interface Running {
  readonly config: ProvenConfig;
  readonly journal: Journal;
  readonly router: Router;
  readonly dispatcher: Dispatcher;
  readonly consent: Consent;
}

/** What the parts of the service see of it. */
export interface ServiceState {
  readonly options: ServiceOptions;
  readonly startedMs: number;
  readonly tally: Tally;
  readonly decisions: TraceRing;
  readonly members: Members;
  /** As last looked up. */
  found(): ConfigPlace;
  /** The config as last read, good or not; undefined while there is none. */
  config(): ProvenConfig | undefined;
  running(): Running | undefined;
}

/** After a change of owner the sessions come back one by one: nothing is pushed before that. */
const settleMs = 300;
const stopMs = { released: 250, deposed: 100, replaced: 100 } as const;

export async function openService(options: ServiceOptions): Promise<Service> {
  const { role, log } = options;
  const ending = new AbortController();
  const greeting = greetFast(options.found);
  let found = options.found;
  let config: ProvenConfig | undefined;
  let running: Running | undefined;

  const state: ServiceState = {
    options,
    startedMs: Date.now(),
    tally: createTally(),
    decisions: createTraceRing(),
    members: openMembers({
      greeting: greeting.greeting,
      log,
      mask: (text) => config?.mask(text) ?? text,
      serverName: () => config?.loaded.values.server.name ?? "router",
    }),
    found: () => found,
    config: () => config,
    running: () => running,
  };

  async function load(): Promise<boolean> {
    config = found.file === undefined ? undefined : await loadPlan(found.file);
    if (config !== undefined) options.onSecrets(config.loaded.secrets);
    tellProblems(config, found, log);
    return config !== undefined && config.issues.length === 0;
  }

  async function run(proven: ProvenConfig): Promise<void> {
    const { loaded, plan } = proven;
    const { delivery } = loaded.values;
    const next = ownerPath(options.folder, role.epoch + 1);
    const journal = await openJournal({
      folder: join(options.folder, "journal"),
      epoch: role.epoch,
      isCurrent: () => !existsSync(next),
      clock: systemClock,
      log,
      keepMs: delivery.keepMs,
      maxBytes: delivery.maxSizeBytes,
    });
    const newId = createEventIds();
    const resumption = createResumption(journal);
    const dispatcher = createDispatcher({
      journal,
      clock: systemClock,
      log,
      newId,
      compileGlob,
      catchUp: delivery.catchUp,
      settleMs: role.epoch > 1 ? settleMs : 0,
      holds: ({ id }) => resumption.isWriting(id),
      observe: (change) => state.tally.add(change),
    });
    const configFile = realPath(loaded.file);
    const consent = await consentOf(process.env, loaded.file, log);
    const router = await openRouter({
      loaded,
      clock: systemClock,
      log,
      memory: createMemory(systemClock, journal.memory),
      newId,
      consent,
      detail: "decision",
      async commit({ event, deliveries, memory }, signal) {
        await journal.append(
          {
            event,
            deliveries: deliveries.map(({ eventId: _, terms, ...rest }) => ({
              ...rest,
              terms: { ...terms, configFile },
            })),
            memory,
          },
          signal,
        );
        dispatcher.wake();
      },
      observe: (decision) => state.decisions.add(decision),
    });
    running = { config: proven, journal, router, dispatcher, consent };
    if (ending.signal.aborted) return;
    state.members.serve({
      tools: (member) => toolsFor(state, member),
      waiting: (member) => dispatcher.waiting(member.id),
      async enter(member) {
        await resumption.enter(member, (eventId) => dispatcher.revisit(eventId));
        dispatcher.attach(member.dispatchSession);
      },
      changed: () => dispatcher.wake(),
    });
    const powers = () => running?.config.plan.powers ?? [];
    const mask = (text: string) => (running?.config ?? proven).mask(text);
    void askForConsent(
      { consent, powers, members: state.members.list, config: configFile, mask, log },
      ending.signal,
    );
    await router.start(plan);
  }

  async function serve(): Promise<void> {
    let good = await load();
    greeting.settle(config?.loaded, config?.issues.length ?? 0).catch((error: Error) => {
      log.warn(`the state folder cannot be written, so each start takes a little longer: ${error.message}`);
    });
    if (!good || !role.exclusive) state.members.serve({ tools: (member) => toolsFor(state, member) });
    if (!role.exclusive) return;
    while (!good) {
      const places = [...found.tried, ...(config?.loaded.files ?? []).map(({ path }) => path)];
      if (!(await awaitChange(places, ending.signal))) return;
      found = findConfig({ explicit: options.explicit, env: process.env, cwd: process.cwd() });
      good = await load();
      if (good) log.info(`${found.file} is good now`);
    }
    if (!ending.signal.aborted) await run(config as ProvenConfig);
  }

  const served = serve();
  served.catch((error: unknown) => {
    log.error(
      `the router could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    options.end();
  });

  return {
    attach: (attached) => state.members.attach(attached),
    command: createControlService(state),
    mayRunAgain: ({ tool }) => tool !== "reply",
    async stop(reason) {
      ending.abort();
      const deadline = AbortSignal.timeout(stopMs[reason]);
      await Promise.race([served.catch(() => undefined), aborted(deadline)]);
      await running?.router.stop(deadline);
      await running?.dispatcher.stop(deadline);
      await running?.journal.close();
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
