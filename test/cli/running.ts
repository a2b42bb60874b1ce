// A running router behind its control commands: the real router, plan, ring and control; the journal and the dispatcher are
// stand-ins for their ports, because those rooms are tested where they are.

import type { CommandContext, RunningRouter } from "../../src/cli/context.ts";
import type { ChannelValues } from "../../src/config/values.ts";
import type { RouterEvent } from "../../src/contract.ts";
import { createControl } from "../../src/daemon/commands/control.ts";
import type {
  ControlPorts,
  HistoryLine,
  KeptLine,
  SessionView,
  Silence,
} from "../../src/daemon/commands/control-ports.ts";
import { createMemoryCursors } from "../../src/host/store.ts";
import type { OpenListener } from "../../src/http/server.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { createEventIds } from "../../src/router/event-id.ts";
import { createMemory } from "../../src/router/memory.ts";
import { Router } from "../../src/router/router.ts";
import { createTraceRing } from "../../src/router/trace-ring.ts";
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

export interface RunningFixture {
  readonly ports: ControlPorts;
  readonly clock: ManualClock;
  readonly plan: Plan;
  readonly router: Router;
  /** Lines of the stand-in journal, by event. */
  readonly history: Map<string, HistoryLine[]>;
  readonly sessions: SessionView[];
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
  const history = new Map<string, HistoryLine[]>();
  const kept: KeptLine[] = [];
  const silences = new Map<string, Silence>();
  const sessions: SessionView[] = [];
  const secrets: string[] = [];
  let ended = false;
  let last: RouterEvent | undefined;
  const deliveries: Parameters<typeof keep>[1] = [];

  function keep(event: RouterEvent, made: { channel: string; content: string; tokens: number }[]): void {
    const line = { type: "event" as const, timeMs: clock.now(), event, deliveries: made };
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
        ...accepted.deliveries.map(({ channel, content, tokens }) => ({ channel, content, tokens })),
      );
    },
    observe(decision) {
      decisions.add(decision);
      last = decision.event;
      if (decision.outcome === "accepted") keep(last, deliveries.splice(0));
    },
  });
  await router.start(plan);
  const ports: ControlPorts = {
    about: {
      version: "1.2.3",
      pid: 4711,
      epoch: 2,
      background,
      config: "/p/channels.yaml",
      folder: "/s",
      startedMs: clock.now(),
    },
    clock,
    plan: () => plan,
    serverName: () => "router",
    active: () => "file",
    problems: () => [],
    powers: () => [],
    askedPowers: async () => null,
    reload: async () => ({
      timeMs: clock.now(),
      ok: true,
      text: "nothing has changed",
      problems: [],
      notes: [],
    }),
    verdict: () => undefined,
    router: () => router,
    sinks: () => [],
    sessions: () => sessions,
    access: async () => ({ said: "", sources: [] }),
    askAccess: async () => ({ state: "refused", said: "" }),
    unanswered: () => [],
    journal: {
      read: async (id) => kept.findLast((line) => (line.type === "event" ? line.event.id : line.id) === id),
      history: async (id) => history.get(id) ?? [],
      recent: async (limit) => kept.slice(-limit).reverse(),
      entries: (id) =>
        (history.get(id) ?? []).flatMap((line) =>
          line.type === "state" && !line.final ? [{ channel: line.channel, state: line.state }] : [],
        ),
      stats: () => ({ open: kept.length, bytes: 2_048 }),
    },
    decisions,
    deliveries: {
      heldBy: () => undefined,
      shaping: () => [],
      report: () => ({ sent: 1, dead: 0 }),
      silences: () => [...silences.values()],
      async silence(silence) {
        silences.set(silence.channel, silence);
      },
      async unsilence(channel) {
        silences.delete(channel);
      },
    },
    secrets: () => secrets,
    end() {
      ended = true;
    },
  };
  return { ports, clock, plan, router, history, sessions, secrets, ended: () => ended };
}

/** Runs a command line against the fixture, through the real program and the real control. */
export function command(
  { ports, clock }: Pick<RunningFixture, "ports" | "clock">,
  args: readonly string[],
  more: Partial<CommandContext> = {},
): Promise<Finished> {
  const control = createControl(ports);
  const router: RunningRouter = { ...ports.about, start: "s", socket: "/sock", started: "" };
  const world: Omit<CommandContext, "print" | "note"> = {
    env: { HOME: "/nowhere", CHANNEL_ROUTER_CONFIG: ports.about.config },
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
