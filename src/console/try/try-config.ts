// `try`: one event through an edited text of the config: each channel's answer, what Claude would see, what is wrong with the text.

import { dirname } from "node:path";
import { openFixtures } from "../../config/fixtures.ts";
import type { Arrival, JsonObject, RouterEvent, TraceStep } from "../../contract.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { UsageError } from "../../errors.ts";
import { maskAll } from "../../host/secret-mask.ts";
import { asObject, isObject } from "../../json.ts";
import type { Admission, PlannedChannel, PlannedSource } from "../../plan/plan.ts";
import { createEventIds } from "../../router/event-id.ts";
import { withoutMarks } from "../../router/known-deliveries.ts";
import { createMemory } from "../../router/memory.ts";
import { renderBlock } from "../../templates/budget.ts";
import { createPacer } from "../../yield-to-event-loop.ts";
import type { TriedChannel, TriedEvent, TryAnswer } from "../protocol.ts";
import { type ActiveConfig, readTrial, type TriedConfig } from "./trial.ts";

export interface TryContext {
  readonly active: ActiveConfig;
  readonly env: NodeJS.ProcessEnv;
  now(): number;
  /** A stored event. Rejects with a RouterError. */
  stored(eventId: string): Promise<RouterEvent>;
}

/** How long an event may take, whatever the text computes. */
const withinMs = 5_000;

/** Rejects with a RouterError when there is no such event, source or fixture, or the source rejects the payload. */
export async function tryConfig(text: string, tried: TriedEvent, context: TryContext): Promise<TryAnswer> {
  const trial = await readTrial(text, context.active, context.env);
  if (trial.issues.length > 0) return { issues: trial.issues, channels: [] };
  const { plan, loaded } = trial.proven;
  const { source, event } = await eventOf(tried, trial, context);
  const admission = await admit(source, event, trial);
  const asked = plan.channels.filter(({ from }) => from.includes(source.name));
  const channels = asked.map((channel) => channelAnswer(channel, admission, loaded.values.server.name));
  return maskAll({ issues: [], channels, event }, trial.mask) as unknown as TryAnswer;
}

async function eventOf(
  tried: TriedEvent,
  trial: TriedConfig,
  context: TryContext,
): Promise<{ readonly source: PlannedSource; readonly event: RouterEvent }> {
  const { sources } = trial.proven.plan;
  if ("event_id" in tried) {
    const event = await context.stored(tried.event_id);
    return { event, source: sourceOf(event.source, sources) };
  }
  const payload = "fixture" in tried ? readFixture(tried, context.active) : tried;
  const source = sourceOf(payload.source, sources);
  const headers = Object.fromEntries(
    Object.entries(payload.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const arrival: Arrival = source.type.sampleArrival(
    source.options as JsonObject,
    payload.data,
    headers,
    source.code,
  );
  const timeMs = context.now();
  const event = {
    ...withoutMarks(arrival),
    id: createEventIds()(timeMs),
    source: source.name,
    connector: source.type.type,
    timeMs,
  };
  return { source, event };
}

function sourceOf(name: string, sources: readonly PlannedSource[]): PlannedSource {
  const found = sources.find((source) => source.name === name);
  if (found !== undefined) return found;
  const names = sources.map((source) => source.name);
  throw new UsageError("E_USAGE", `no source named ${name}`, {
    hint: didYouMeanHint(name, names) ?? `sources: ${names.join(", ") || "none"}`,
  });
}

/** Only payloads that tests of the active config name are read. */
function readFixture(
  { fixture, source }: { readonly fixture: string; readonly source?: string },
  { loaded }: ActiveConfig,
): { readonly source: string; readonly data: string; readonly headers: Readonly<Record<string, string>> } {
  const sends = loaded.tests.flatMap(({ send }) => (Array.isArray(send) ? send : [send ?? null]));
  const found = sends
    .filter((send): send is JsonObject => isObject(send) && asObject(send.data).file === fixture)
    .find((send) => source === undefined || send.source === source);
  if (found === undefined)
    throw new UsageError("E_USAGE", `no test of the config sends the file ${fixture}`, {
      hint: "Try reads the payloads of the config's own tests",
    });
  const { text } = openFixtures(dirname(loaded.file)).read(fixture);
  const headers = Object.entries(asObject(found.headers)).map(([name, value]) => [name, String(value)]);
  return { source: source ?? String(found.source), data: text, headers: Object.fromEntries(headers) };
}

/** As the first event of its kind: nothing is remembered from before. */
async function admit(source: PlannedSource, event: RouterEvent, { clock }: TriedConfig): Promise<Admission> {
  if (!source.enabled)
    throw new UsageError("E_USAGE", `source ${source.name} is disabled`, {
      hint: "remove its  enabled: false",
    });
  clock.nowMs = event.timeMs;
  const memory = createMemory({ now: () => event.timeMs, after: () => () => {} });
  const asked = [event, memory, event.timeMs, { detail: "trace" }] as const;
  const steps = source.admit.steps?.(...asked);
  if (steps === undefined) return source.admit(...asked);
  const pace = createPacer();
  const startedMs = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - startedMs > withinMs)
      throw new UsageError("E_USAGE", `the event takes longer than ${withinMs / 1_000} s`, {
        hint: "an expression or a template of the config is too expensive for it",
      });
    await pace();
  }
}

function channelAnswer(
  { name }: PlannedChannel,
  { trace, deliveries, problems }: Admission,
  server: string,
): TriedChannel {
  const delivery = deliveries.find(({ channel }) => channel === name);
  const failed = problems.filter(({ channel }) => channel === name);
  const steps: TraceStep[] = [
    ...trace.filter(({ channel }) => channel === name),
    ...failed.map(({ key, message }) => ({ channel: name, filter: key, pass: true, detail: message })),
  ];
  return {
    name,
    taken: delivery !== undefined,
    steps,
    ...(delivery === undefined
      ? {}
      : { block: renderBlock(delivery.meta, delivery.content, server), tokens: delivery.tokens }),
  };
}
