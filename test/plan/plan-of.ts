// A plan from values typed in a test, for one made-up source type.

import type { ChannelValues, ConfigValues } from "../../src/config/values.ts";
import type { Arrival, JsonObject, RouterEvent, SourceType } from "../../src/contract.ts";
import { loadEngine } from "../../src/daemon/start/load-engine.ts";
import { type Compilation, compilePlan } from "../../src/plan/compile/compile.ts";
import type { Admission } from "../../src/plan/plan.ts";
import { createMemory } from "../../src/router/memory.ts";
import { manualClock } from "../support/manual-clock.ts";

const letter: SourceType<JsonObject> = {
  type: "letter",
  summary: "Hands over what a test gives it.",
  options: { type: "object" },
  validate: () => true,
  meta: { box: "{{data.box}}" },
  trust: ({ open }) => (open === true ? "unverified" : "local"),
  answers: ({ answered }) => answered === true,
  claims: ({ box }) => (typeof box === "string" ? [`box:${box}`] : []),
  storeKey: ({ address = null }) => address,
  sampleArrival: (_, payload) => ({ data: payload, text: payload, trust: "local" }),
  create: () => ({ start: async () => {}, stop: async () => {} }),
};

type Channels = Readonly<Record<string, Partial<ChannelValues>>>;

export async function compileOf(channels: Channels, more: Partial<ConfigValues> = {}): Promise<Compilation> {
  const full = Object.entries(channels).map(([name, channel]) => [
    name,
    { from: ["post"], vars: {}, meta: {}, continue: false, to: "one", ...channel },
  ]);
  const values: ConfigValues = {
    server: { name: "router", instructions: "" },
    hosts: [],
    budget: { event: 500 },
    delivery: { catchUp: 20, keepMs: 604_800_000, maxSizeBytes: 268_435_456 },
    defaults: { ttlMs: 86_400_000, priority: "normal" },
    sources: { post: { type: "letter", enabled: true, options: {} } },
    channels: Object.fromEntries(full),
    sinks: {},
    ...more,
  };
  const types = new Map([["letter", letter as SourceType<never>]]);
  return compilePlan(values, types, await loadEngine(values, types));
}

export interface Mailbox {
  /** Admits one event; what it wants remembered is committed at once. */
  send(arrival: Partial<Arrival>): Admission;
  advance(ms: number): void;
}

export async function mailbox(channels: Channels, more: Partial<ConfigValues> = {}): Promise<Mailbox> {
  const { plan, issues } = await compileOf(channels, more);
  if (issues.length > 0)
    throw new Error(issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n"));
  const clock = manualClock();
  const memory = createMemory(clock);
  let count = 0;
  return {
    send(arrival) {
      const data = arrival.data ?? {};
      const event: RouterEvent = {
        text: JSON.stringify(data),
        trust: "verified",
        ...arrival,
        data,
        id: `e${++count}`,
        source: "post",
        connector: "letter",
        timeMs: clock.now(),
      };
      const admission = plan.sources[0]?.admit(event, memory, clock.now(), {
        detail: "decision",
      }) as Admission;
      if (admission.deliveries.length > 0) memory.stage(admission.writes, Promise.resolve());
      return admission;
    },
    advance: (ms) => clock.set(clock.now() + ms),
  };
}
