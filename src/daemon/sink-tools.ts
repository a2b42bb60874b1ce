// The sinks of the running config as tools of a session: which event a call answers, and whether its channel
// allows it.

import { randomUUID } from "node:crypto";
import { realPath, stateRoot } from "../config/paths.ts";
import type { LoadedConfig } from "../config/values.ts";
import type { SinkHost } from "../contract/sink.ts";
import type { Tool, View } from "../contract.ts";
import { UsageError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import { answeredView, channelFor } from "../plan/outgoing.ts";
import type { Plan } from "../plan/plan.ts";
import { type CallRecord, Sinks } from "../router/sinks.ts";
import { noSuchEvent } from "../session/tools/ack.ts";
import { sinkTool } from "../session/tools/sink.ts";
import type { DeliveryCounter } from "./delivery-counts.ts";
import type { Observers } from "./metrics/observers.ts";
import type { DaemonSession } from "./sessions.ts";
import type { RunningParts } from "./state.ts";

/** `loaded`: the config that is active. */
export function closedToSinks(loaded: () => LoadedConfig): NonNullable<SinkHost["closed"]> {
  return {
    get files() {
      const { file, files } = loaded();
      return [realPath(file), ...files.map(({ path }) => path)];
    },
    get stateRoots() {
      return [stateRoot(process.env)];
    },
  };
}

export function openSinks(
  plan: Plan,
  journal: Pick<Journal, "call">,
  observers: Pick<Observers, "called">,
  options: Omit<ConstructorParameters<typeof Sinks>[0], "newId" | "record">,
): Sinks {
  const sinks = new Sinks({
    ...options,
    newId: randomUUID,
    record(record) {
      observers.called(record);
      const { session, eventId, ...call } = record;
      journal
        .call({ ...(eventId === undefined ? {} : { id: eventId }), session, text: textOf(call) })
        .catch(() => undefined); // The journal ended, and this router with it: the next leader reports the call to its client.
    },
  });
  sinks.use(plan.sinks);
  return sinks;
}

function textOf({ sink, outcome, tookMs, detail }: Omit<CallRecord, "session" | "eventId">): string {
  const because = detail === undefined ? "" : `: ${detail}`;
  if (outcome === "refused") return `${sink} was refused, nothing was sent${because}`;
  if (outcome === "cancelled") return `${sink} was cancelled after ${tookMs} ms: it may be partly done`;
  return `${sink} ${outcome === "done" ? "was called" : "failed"} after ${tookMs} ms${because}`;
}

export function sinkTools(
  { config, consent, journal, sinks }: RunningParts,
  session: DaemonSession,
  tally: Pick<DeliveryCounter, "read">,
): Tool[] {
  const { plan } = config;
  const shown = plan.sinks.filter(({ described }) => described === undefined || consent.allows(described));
  return shown.map((sink) =>
    sinkTool(sink, {
      async call({ event_id, ...input }, cancelled) {
        const call = { input, session: session.id, ...(cancelled === undefined ? {} : { cancelled }) };
        if (!sink.usesEvent) return sinks.call(sink.name, call);
        const event = await answered(plan, journal, sink.name, String(event_id));
        session.named(event.id);
        // The record of the call is the proof.
        tally.read(event.id);
        return sinks.call(sink.name, { ...call, event });
      },
    }),
  );
}

/** What the sink sees of the event. Rejects with a UsageError for an event that it may not answer. */
async function answered(
  plan: Plan,
  journal: Pick<Journal, "read">,
  sink: string,
  eventId: string,
): Promise<View> {
  const kept = await journal.read(eventId);
  if (kept === undefined) throw noSuchEvent([eventId]);
  if (kept.type === "digest")
    throw new UsageError("E_SINK_EVENT", `${eventId} is a summary of several events`, {
      hint: `name one of them: ${kept.members
        .map(({ id }) => id)
        .slice(0, 20)
        .join(", ")}`,
    });
  const took = kept.deliveries.map(({ channel }) => channel);
  const channel = channelFor(plan, sink, took);
  if (channel !== undefined) return answeredView(channel, kept.event);
  const able = plan.channels.filter(({ sinks }) => sinks.includes(sink)).map(({ name }) => name);
  throw new UsageError("E_SINK_EVENT", `${sink} may not answer ${eventId}, an event of ${took.join(", ")}`, {
    hint: `it answers events of ${able.join(", ")}; nothing was sent`,
  });
}
