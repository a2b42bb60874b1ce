// `explain`: what would happen to one payload. Nothing is sent, opened or remembered.

import { systemClock } from "../../clock.ts";
import type { Arrival, JsonObject } from "../../contract.ts";
import { requireConfig } from "../../daemon/start/load-plan.ts";
import { didYouMean } from "../../did-you-mean.ts";
import { UsageError } from "../../errors.ts";
import { maskAll } from "../../host/secret-mask.ts";
import type { Plan, PlannedSource } from "../../plan/plan.ts";
import { describeShaping } from "../../shaping/describe.ts";
import { createSimulator, type SimulatedEvent, type Simulator } from "../../testing/simulator.ts";
import { line, masked, type SafeText } from "../../text.ts";
import type { ExitCode } from "../exit.ts";
import { loadAllowed } from "../load-allowed.ts";
import { readHeaders, readPayload } from "../payload.ts";
import { eventBlock, printed, printedJson, printTrace } from "../print.ts";
import { toStdout } from "../terminal.ts";
import { check } from "./check.ts";

interface ExplainOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly header: readonly string[];
}

export async function explain(name: string, payload: string, options: ExplainOptions): Promise<ExitCode> {
  const { file, loaded, plan, issues, mask } = await loadAllowed(requireConfig(options.config));
  if (issues.length > 0) return check(file, options);
  const source = plan.sources.find((planned) => planned.name === name);
  if (source === undefined) throw noSource(name, plan.sources);
  if (!source.enabled) {
    throw new UsageError("E_USAGE", `source ${name} is disabled`, {
      hint: "remove its  enabled: false",
    });
  }

  const body = await readPayload(payload);
  const arrival = sampleArrival(source, body, readHeaders(options.header));
  const rehearsal = createSimulator({ plan, startMs: systemClock.now() });
  const rehearsed = rehearsal.send(name, arrival);
  toStdout(
    options.json
      ? printedJson(maskAll(asJson(rehearsed, rehearsal), mask))
      : masked(asText(loaded.values.server.name, plan, rehearsed, rehearsal), mask),
  );
  return rehearsed.outcome === "accepted" ? 0 : 1;
}

function sampleArrival(
  source: PlannedSource,
  body: string,
  headers: Readonly<Record<string, string>>,
): Arrival {
  return source.type.sampleArrival(source.options as JsonObject, body, headers, source.code);
}

function asText(
  serverName: string,
  plan: Plan,
  { outcome, admission }: SimulatedEvent,
  rehearsal: Simulator,
): SafeText {
  const { trace = [], deliveries = [], problems = [] } = admission ?? {};
  const shown: SafeText[] = [line`${outcome}`, ...printTrace(trace)];
  for (const { channel, key, message } of problems)
    shown.push(line`  failed in ${channel}: ${key}: ${message}`);
  for (const delivery of deliveries) {
    shown.push(
      line``,
      line`${delivery.channel}, ~${delivery.tokens} tokens:`,
      eventBlock(serverName, delivery),
    );
    const { channel } = delivery;
    const options = plan.channels.find(({ name }) => name === channel)?.shaping.options;
    const wait = rehearsal.waiting().find((one) => one.channel === channel);
    if (wait !== undefined) shown.push(line`held now, by ${wait.reason}`);
    shown.push(...(options === undefined ? [] : describeShaping(options).map((words) => line`  ${words}`)));
  }
  return printed(...shown);
}

function asJson({ event, outcome, admission }: SimulatedEvent, rehearsal: Simulator) {
  const { trace = [], deliveries = [], problems = [] } = admission ?? {};
  const held = rehearsal.waiting().map(({ channel, reason }) => ({ channel, reason }));
  return { event_id: event.id, source: event.source, outcome, deliveries, trace, problems, held };
}

function noSource(name: string, sources: readonly PlannedSource[]): UsageError {
  const names = sources.map((source) => source.name);
  const close = didYouMean(name, names);
  return new UsageError("E_USAGE", `no source named ${name}`, {
    hint: close === undefined ? `there are: ${names.join(", ") || "none"}` : `did you mean ${close}?`,
  });
}
