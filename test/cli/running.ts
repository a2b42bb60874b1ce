// A running router behind its control commands: the real router, plan, ring and control; the journal and the dispatcher are
// stand-ins, because those rooms are tested where they are.

import type { CommandContext, RunningRouter } from "../../src/cli/context.ts";
import type { ChannelValues } from "../../src/config/values.ts";
import type { RouterEvent } from "../../src/contract.ts";
import { createControl } from "../../src/daemon/commands/control.ts";
import { createTally } from "../../src/daemon/delivery-counts.ts";
import type { DaemonState, RunningParts } from "../../src/daemon/state.ts";
import type { SilenceRequest } from "../../src/dispatch/silences.ts";
import { createMemoryCursors } from "../../src/host/store.ts";
import type { OpenListener } from "../../src/http/server.ts";
import { DeliveryMarks } from "../../src/journal/delivery-marks.ts";
import type { Delivery, Line } from "../../src/journal/records.ts";
import type { KeptRecord } from "../../src/journal/search.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { createEventIds } from "../../src/router/event-id.ts";
import { createMemory } from "../../src/router/memory.ts";
import { Router } from "../../src/router/router.ts";
import { createTraceRing } from "../../src/router/trace-ring.ts";
import { version } from "../../src/version.ts";
import { compileOf } from "../plan/plan-of.ts";
import { type Finished, runHere } from "../support/command-line.ts";
import { bodies, lent } from "../support/host.ts";
import { type ManualClock, manualClock } from "../support/manual-clock.ts";

const listener: OpenListener = {
  onUnrouted: () => {},
  loopback: true,
  hosts: [],
  route: async () => () => {},
  address: () => "http://127.0.0.1:8788",
  bodies,
  leave() {},
  close: async () => {},
  stage: () => ({ listener, bind: async () => {}, commit: () => async () => {}, abandon: async () => {} }),
};
const log = { info: () => {}, warn: () => {}, error: () => {} };

interface FixtureSession {
  readonly id: string;
  readonly pid: number;
  readonly project: string;
  readonly label: string;
  readonly client: { readonly name: string; readonly version: string };
  readonly listening: { readonly state: "yes" | "no" | "unknown"; readonly reason: string };
  readonly sinceMs: number;
  readonly sent: number;
}

export interface RunningFixture {
  readonly state: DaemonState;
  readonly clock: ManualClock;
  readonly plan: Plan;
  readonly router: Router;
  /** Lines of the stand-in journal, by event. */
  readonly history: Map<string, Line[]>;
  readonly sessions: FixtureSession[];
  readonly secrets: string[];
  readonly ended: () => boolean;
}

export async function startRunning(
  channels: Readonly<Record<string, Partial<ChannelValues>>>,
  background = true,
): Promise<RunningFixture> {
  const { plan, issues } = await compileOf(channels);
  if (issues.length > 0) throw new Error(JSON.stringify(issues));
  const clock = manualClock();
  const decisions = createTraceRing();
  const history = new Map<string, Line[]>();
  const kept: KeptRecord[] = [];
  const silences = new Map<string, SilenceRequest>();
  const sessions: FixtureSession[] = [];
  const secrets: string[] = [];
  let ended = false;
  let last: RouterEvent | undefined;
  const deliveries: Delivery[] = [];

  function keep(event: RouterEvent, made: readonly Delivery[]): void {
    const line = { type: "event" as const, timeMs: clock.now(), event, deliveries: made, memory: [] };
    kept.push(line);
    history.set(event.id, [line]);
  }

  const router = new Router({
    lent: lent(clock),
    cursors: createMemoryCursors(),
    clock,
    log,
    listener,
    detail: "decision",
    memory: createMemory(clock),
    consent: { demand: async () => {} },
    newId: createEventIds(),
    async commit(accepted) {
      deliveries.push(
        ...accepted.deliveries.map(({ channel, content, tokens }) => ({
          channel,
          content,
          tokens,
          meta: {},
          terms: {},
        })),
      );
    },
    observe(decision) {
      decisions.add(decision);
      last = decision.event;
      if (decision.outcome === "accepted") keep(last, deliveries.splice(0));
    },
  });
  await router.start(plan);
  const tally = createTally();
  tally.add({ id: "1m8321t0m8zzw", channel: "big", state: "sent" });
  const journal = {
    read: async (id: string) =>
      kept.findLast((line) => (line.type === "event" ? line.event.id : line.id) === id),
    history: async (id: string) => history.get(id) ?? [],
    recent: async (limit: number) => kept.slice(-limit).reverse(),
    async marks(ids: readonly string[]) {
      const marks = new DeliveryMarks();
      for (const id of ids) for (const line of history.get(id) ?? []) marks.add(line);
      return marks;
    },
    entries: (id: string) =>
      (history.get(id) ?? []).flatMap((line) =>
        line.type === "state" && !line.final ? [{ channel: line.channel, state: line.state }] : [],
      ),
    stats: () => ({ open: kept.length, counts: [], bytes: 2_048 }),
  };
  const dispatcher = {
    report: () => ({
      sessions: [],
      silences: [...silences.values()].map((one) => ({ ...one, untilMs: clock.now() + one.forMs })),
    }),
    async silence(request: SilenceRequest) {
      if (request.forMs === 0) silences.delete(request.channel);
      else silences.set(request.channel, request);
    },
  };
  const config = { plan, issues: [], loaded: { file, values: { server: { name: "router" } } } };
  const active = {
    config,
    router,
    journal,
    dispatcher,
    shaping: { holdOf: () => undefined, report: () => ({ counts: new Map(), open: [] }) },
    sinks: { report: () => [] },
  } as unknown as RunningParts;
  const state = {
    options: {
      role: { term: 2 },
      background,
      folder: "/s",
      end() {
        ended = true;
      },
    },
    clock,
    startedMs: clock.now(),
    tally,
    decisions,
    sessions: {
      list: () =>
        sessions.map(({ id, pid, project, label, client, listening, sinceMs, sent }) => ({
          id,
          attached: { pid, facts: () => ({ project, label }) },
          client: () => client,
          listening: () => listening,
          startedMs: sinceMs,
          sent: () => sent,
          shown: () => undefined,
          inClient: () => ({ name: "review", isIdle: true }),
        })),
    },
    found: () => ({ file, tried: [file] }),
    config: () => active.config,
    running: () => active,
    used: () => active.config,
    problems: () => [],
    verdict: () => undefined,
    reload: async () => ({
      timeMs: clock.now(),
      ok: true,
      text: "nothing has changed",
      problems: [],
      notes: [],
    }),
    secrets: () => secrets,
    chat: () => undefined,
    console: () => undefined,
    consoleReady: async () => undefined,
    trust: { consent: () => undefined },
    wake: () => ({ state: "off" }),
  } as unknown as DaemonState;
  return { state, clock, plan, router, history, sessions, secrets, ended: () => ended };
}

const file = "/p/channels.yaml";

/** As the list of running routers has it. */
export function listed({ options }: DaemonState): RunningRouter {
  const { folder } = options;
  return {
    version,
    pid: process.pid,
    config: file,
    folder,
    start: "s",
    socket: "/sock",
    started: "",
  };
}

/** Runs a command line against the fixture, through the real program and the real control. */
export function command(
  { state, clock }: Pick<RunningFixture, "state" | "clock">,
  args: readonly string[],
  more: Partial<CommandContext> = {},
): Promise<Finished> {
  const control = createControl(state);
  const router = listed(state);
  const world: Omit<CommandContext, "print" | "note"> = {
    env: { HOME: "/nowhere", CHANNEL_ROUTER_CONFIG: router.config },
    cwd: "/",
    underClaude: undefined,
    now: () => clock.now(),
    routers: {
      list: async () => [router],
      call: (_, name, given, options = {}) =>
        control(
          name,
          JSON.parse(JSON.stringify(given)),
          async (part) => options.onPart?.(part),
          options.signal ?? new AbortController().signal,
        ),
    },
    processes: { self: async () => ({ pid: 1, start: "s" }), isRunning: async () => false },
    foreground: async () => 0,
    person: undefined,
    interrupted: () => new AbortController().signal,
    clientLog: async () => undefined,
  };
  return runHere(args, world, more);
}
