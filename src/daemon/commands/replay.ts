// Events made by the user: a payload as if a source had received it (`send`), and a stored event again
// (`replay`). Both take the path of every event, through the current config; nothing is skipped.

import type { Arrival, JsonObject, Outcome, RouterEvent } from "../../contract.ts";
import type { EmittedAnswer, PreviewAnswer } from "../../control/protocol.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { ConnectorError, configConsentRequired, UsageError } from "../../errors.ts";
import type { Plan } from "../../plan/plan.ts";
import { type DaemonState, type RunningParts, waitsForUse } from "../state.ts";
import { listMembers } from "./digests.ts";
import { unknownEvent } from "./timeline.ts";

export async function emitPayload(
  state: DaemonState,
  name: string,
  payload: string,
  headers: Readonly<Record<string, string>>,
): Promise<EmittedAnswer> {
  const { router, config } = running(state);
  return sendPayload({ router, plan: config.plan, decisions: state.decisions }, { name, payload, headers });
}

interface Sent {
  readonly name: string;
  readonly payload: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A payload as if the source of this name had received it. */
export async function sendPayload(
  { router, plan, decisions }: Receiver & { readonly plan: Pick<Plan, "sources"> },
  { name, payload, headers }: Sent,
): Promise<EmittedAnswer> {
  const { sources } = plan;
  const source = sources.find((planned) => planned.name === name);
  if (source === undefined) {
    const names = sources.map((planned) => planned.name);
    throw new UsageError("E_USAGE", `no source named ${name}`, {
      hint: didYouMeanHint(name, names) ?? `there are: ${names.join(", ") || "none"}`,
    });
  }
  if (!source.enabled) {
    throw new UsageError("E_USAGE", `source ${name} is off`, {
      hint: "remove  enabled: false  in the config",
    });
  }
  const arrival = source.type.sampleArrival(source.options as JsonObject, payload, headers, source.code);
  return emitted({ router, decisions }, name, arrival, await router.emit(name, arrival));
}

/** Rejects with a RouterError for an event that is not stored, and for a digest. */
export async function keptEvent(
  state: Pick<DaemonState, "running" | "decisions">,
  eventId: string,
): Promise<RouterEvent> {
  const kept = await state.running()?.journal.read(eventId);
  if (kept === undefined) {
    const traced = state.decisions.find(eventId);
    if (traced === undefined) throw unknownEvent(eventId);
    throw new ConnectorError(
      "E_EVENT_UNKNOWN",
      `event ${eventId} was ${traced.outcome}, so it was not kept`,
      {
        hint: "only accepted events are; let its sender send it again",
      },
    );
  }
  if (kept.type === "digest") {
    throw new UsageError("E_USAGE", `${eventId} is a digest, made of other events`, {
      hint: `its members: ${listMembers(kept.members)}`,
    });
  }
  return kept.event;
}

export async function replayEvent(
  state: DaemonState,
  eventId: string,
  dryRun: boolean,
): Promise<EmittedAnswer | PreviewAnswer> {
  const { router } = running(state);
  // Without its delivery id: it is the same delivery on purpose.
  const { id, source, connector, timeMs, deliveryId, ...arrival } = await keptEvent(state, eventId);
  return dryRun
    ? preview(state, source, arrival)
    : emitted({ router, decisions: state.decisions }, source, arrival, await router.emit(source, arrival));
}

function preview(state: DaemonState, source: string, arrival: Arrival): PreviewAnswer {
  const { outcome, deliveries, trace, problems } = running(state).router.preview(source, arrival).admission;
  return {
    dry_run: true,
    outcome,
    deliveries: deliveries.map(({ channel, content, meta, tokens }) => ({ channel, content, meta, tokens })),
    trace,
    problems,
    server: state.used()?.loaded.values.server.name ?? "router",
  };
}

function emitted(
  { router, decisions }: Receiver,
  source: string,
  arrival: Arrival,
  { eventId, outcome }: Outcome,
): EmittedAnswer {
  const found = decisions.find(eventId);
  // A repeated delivery id is answered with the id of the event that it repeats, whose trace is another one.
  const traced = found?.outcome === outcome ? found : undefined;
  // Admission skips channels that cannot match, but the user wants to know what was wrong with each. An event
  // that no channel took has changed no memory, so the answers are the same now.
  const trace =
    outcome === "unmatched" ? router.preview(source, arrival).admission.trace : (traced?.trace ?? []);
  return { event_id: eventId, outcome, channels: traced?.channels ?? [], trace };
}

interface Receiver {
  readonly router: Pick<RunningParts["router"], "emit" | "preview">;
  readonly decisions: Pick<DaemonState["decisions"], "find">;
}

function running(state: DaemonState): RunningParts {
  const running = state.running();
  if (running !== undefined) return running;
  if (waitsForUse(state)) throw configConsentRequired();
  throw new ConnectorError("E_CONTROL", "the running router has no valid config", {
    hint: "channel-router check shows what is wrong with it",
  });
}
