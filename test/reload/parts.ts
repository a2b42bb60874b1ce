// A router over plans typed in a test: sources that do what the test tells them, the real listener, a clock that stands still.

import type { ConfigValues } from "../../src/config/values.ts";
import type { Host } from "../../src/contract/host.ts";
import type { Emit, JsonObject, ListenAddress, Source, SourceType } from "../../src/contract.ts";
import { loadEngine } from "../../src/daemon/start/load-engine.ts";
import { ConnectorError, consentRequired } from "../../src/errors.ts";
import { createMemoryCursors } from "../../src/host/store.ts";
import { createListener, type OpenListener } from "../../src/http/server.ts";
import { compilePlan } from "../../src/plan/compile/compile.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { AcceptedEvent } from "../../src/router/emit.ts";
import { createEventIds } from "../../src/router/event-id.ts";
import { createMemory } from "../../src/router/memory.ts";
import { Router } from "../../src/router/router.ts";
import { lent } from "../support/host.ts";
import { type ManualClock, manualClock } from "../support/manual-clock.ts";

/** One object of a source, as the test sees it. */
export interface Actor {
  readonly name: string;
  readonly options: JsonObject;
  readonly emit: Emit;
  /** What happened to it, in order. */
  readonly life: readonly string[];
}

export interface Stage {
  readonly router: Router;
  readonly clock: ManualClock;
  readonly accepted: AcceptedEvent[];
  readonly listener: OpenListener;
  /** Every line of the log. */
  readonly lines: readonly string[];
  /** All that were started, in order. */
  readonly actors: readonly Actor[];
  /** What happened to all of them: `start a`, `stop a`. */
  readonly story: readonly string[];
  /** Whether powers are allowed; to be changed by the test. At the start they are not. */
  readonly person: { allows: boolean };
  plan(values: Partial<ConfigValues>): Promise<Plan>;
  apply(values: Partial<ConfigValues>, addresses?: readonly ListenAddress[]): ReturnType<Router["apply"]>;
}

export const anyPort: ListenAddress = { host: "127.0.0.1", port: 0, loopback: true };

export const actor = (options: JsonObject = {}) => ({ type: "actor", enabled: true, options });
export const channel = (more: object = {}) =>
  ({
    from: ["a"],
    vars: {},
    meta: {},
    continue: false,
    to: "one",
    ...more,
  }) as ConfigValues["channels"][string];

/**
 * Options of an actor: `fails` (does not start), `hangs` (never starts), `lingers` (never stops), `token` (a claim), `path`
 * (a route that answers with `says`).
 */
export async function openStage(): Promise<Stage> {
  const clock = manualClock();
  const story: string[] = [];
  const actors: Actor[] = [];
  const lines: string[] = [];
  const accepted: AcceptedEvent[] = [];
  const write = (line: string) => void lines.push(line);
  const log = { info: write, warn: write, error: write };

  function create(name: string, options: JsonObject, { listener }: Host): Source {
    const life: string[] = [];
    const note = (step: string) => {
      life.push(step);
      story.push(`${step} ${name}`);
    };
    let remove = () => {};
    return {
      async start(emit) {
        note("start");
        actors.push({ name, options, emit, life });
        if (options.fails === true) throw new ConnectorError("E_LISTEN_DENIED", "no way in");
        if (options.hangs === true) await new Promise(() => {});
        if (typeof options.path !== "string") return;
        remove = await listener.route({
          path: options.path,
          methods: ["GET"],
          sourceName: name,
          handle: async (_, response) => void response.end(String(options.says)),
        });
      },
      async stop() {
        note("stop");
        remove();
        if (options.lingers === true) await new Promise(() => {});
      },
    };
  }

  const type: SourceType<JsonObject> = {
    type: "actor",
    summary: "Does what a test tells it.",
    options: { type: "object" },
    validate: () => true,
    meta: {},
    claims: ({ token, path }) => [
      ...(typeof token === "string" ? [`token:${token}`] : []),
      ...(typeof path === "string" ? [`route:GET ${path}`] : []),
    ],
    sampleArrival: (_, payload) => ({ data: payload, text: payload, trust: "local" }),
    create,
  };
  const person = { allows: false };
  const listener = createListener({ addresses: [anyPort], hosts: [], trusted: () => person.allows, log });
  const router = new Router({
    lent: lent(clock),
    cursors: createMemoryCursors(),
    clock,
    log,
    listener,
    consent: {
      async demand(powers) {
        if (powers.length > 0 && !person.allows) throw consentRequired();
      },
    },
    detail: "decision",
    memory: createMemory(clock),
    newId: createEventIds(),
    commit: async (event) => void accepted.push(event),
  });

  async function plan(values: Partial<ConfigValues>): Promise<Plan> {
    const full: ConfigValues = {
      server: { name: "router", instructions: "" },
      hosts: [],
      budget: { event: 500 },
      delivery: { catchUp: 20, keepMs: 604_800_000, maxSizeBytes: 268_435_456 },
      defaults: { ttlMs: 86_400_000, priority: "normal" },
      sources: {},
      channels: {},
      sinks: {},
      ...values,
    };
    const types = new Map([["actor", type as SourceType<never>]]);
    const compiled = compilePlan(full, types, await loadEngine(full, types));
    if (compiled.issues.length > 0) throw new Error(JSON.stringify(compiled.issues));
    return compiled.plan;
  }

  return {
    router,
    clock,
    accepted,
    listener,
    lines,
    actors,
    story,
    person,
    plan,
    apply: async (values, addresses) =>
      router.apply(await plan(values), {
        hosts: [],
        trusted: () => person.allows,
        ...(addresses === undefined ? {} : { addresses }),
      }),
  };
}

export const arrival = (data: JsonObject, deliveryId?: string) => ({
  data,
  text: JSON.stringify(data),
  trust: "local" as const,
  ...(deliveryId === undefined ? {} : { deliveryId }),
});
