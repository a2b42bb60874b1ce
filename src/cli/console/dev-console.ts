// The console of `dev`: the same page, over a config that runs without journal and sessions.

import { join } from "node:path";
import { systemClock } from "../../clock.ts";
import { realPath, stateFolder } from "../../config/paths.ts";
import type { Json, Log } from "../../contract.ts";
import { type Args, readCount, readHeaderArgs, readText } from "../../control/arguments.ts";
import type { StatusReport } from "../../control/protocol.ts";
import { listEvents, maxListed } from "../../daemon/commands/event-list.ts";
import { powerAnswers } from "../../daemon/commands/power-answers.ts";
import { sendPayload } from "../../daemon/commands/replay.ts";
import type { Observers } from "../../daemon/metrics/observers.ts";
import type { ProvenConfig } from "../../daemon/start/load-plan.ts";
import type { Consent } from "../../daemon/trust/consent.ts";
import { type Mask, maskAll } from "../../host/secret-mask.ts";
import { asObject } from "../../json.ts";
import type { Router } from "../../router/router.ts";
import type { TraceRing } from "../../router/trace-ring.ts";
import { version } from "../../version.ts";

interface DevConsoleOptions {
  readonly config: Pick<ProvenConfig, "loaded" | "plan">;
  readonly consent: Pick<Consent, "allows">;
  readonly router: Router;
  readonly decisions: TraceRing;
  readonly observers: Observers;
  readonly mask: Mask;
  readonly log: Log;
  /** Whether the user is at the terminal: then the printed address lets a browser in. */
  readonly isPerson: boolean;
}

export interface DevConsole {
  /** To open in a browser; undefined where it is not served. */
  readonly url: string | undefined;
  close(): Promise<void>;
}

/** Undefined where the config turns it off. */
export async function openDevConsole(options: DevConsoleOptions): Promise<DevConsole | undefined> {
  const { config, consent, decisions, observers, mask, log, isPerson } = options;
  const { loaded, plan } = config;
  const { powers, ...settings } = plan.console;
  if (!settings.enabled) return undefined;
  const { ConsoleListener } = await import("../../console/listener.ts");
  const isAllowed = powers.every((power) => consent.allows(power));
  const startedMs = Date.now();
  const listener = new ConsoleListener({
    host: {
      log,
      clock: systemClock,
      // A router of the same config has its own browsers.
      folder: join(stateFolder(process.env, loaded.file), "dev"),
      startedMs,
      file: () => realPath(loaded.file),
      control: devControl(options, startedMs),
      decisions,
      observers,
      mask,
      state: undefined,
    },
    settings: () =>
      isAllowed ? settings : ({ ...settings, address: undefined, origin: undefined } as never),
    isSuccessor: false,
    onListen: () => {},
  });
  await listener.apply();
  const url = isPerson
    ? await listener.command({ do: "code" }).then(
        (answer) => answer.url,
        () => undefined,
      )
    : listener.address();
  return { url, close: () => listener.close(AbortSignal.timeout(200)) };
}

function devControl({ config, consent, router, decisions, mask }: DevConsoleOptions, startedMs: number) {
  const { plan } = config;
  const receiver = { router, plan, decisions };
  const answers: Readonly<Record<string, (args: Args) => Promise<unknown>>> = {
    status: async () => statusOf({ config, consent, router }, startedMs),
    sessions: async () => ({ sessions: [] }),
    events: async (args) => ({
      events: await listEvents({ running: () => undefined, decisions }, readCount(args, "limit", maxListed)),
    }),
    send: async (args) =>
      sendPayload(receiver, {
        name: readText(args, "source"),
        payload: readText(args, "data"),
        headers: readHeaderArgs(args),
      }),
  };
  return async (command: string, args: Json): Promise<Json> => {
    const answer = Object.hasOwn(answers, command) ? answers[command] : undefined;
    if (answer === undefined) {
      const { notInDev } = await import("../../console/commands/running.ts");
      throw notInDev();
    }
    return maskAll(await answer(asObject(args)), mask);
  };
}

function statusOf(
  { config: { loaded, plan }, consent, router }: Pick<DevConsoleOptions, "config" | "consent" | "router">,
  startedMs: number,
): StatusReport {
  const { sources, address, counts } = router.report();
  return {
    version,
    pid: process.pid,
    epoch: 0,
    background: false,
    config: realPath(loaded.file),
    folder: stateFolder(process.env, loaded.file),
    started: new Date(startedMs).toISOString(),
    active: "file",
    problems: [],
    ...(address === undefined ? {} : { address }),
    powers: powerAnswers(plan.powers, consent),
    sources: sources.map(({ name, type, state, detail }) => ({
      name,
      type,
      state,
      ...(detail === undefined ? {} : { detail }),
    })),
    channels: plan.channels.map(({ name, from }) => ({ name, from })),
    counts: { ...counts, sent: 0 },
    sessions: [],
    journal: { open: 0, dead: 0, bytes: 0 },
    silences: [],
  };
}
