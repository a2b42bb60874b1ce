// `explain`: what one payload would come to. Nothing is sent, opened or remembered.

import type { Arrival, JsonObject, RouterEvent } from "../contract.ts";
import { didYouMean } from "../did-you-mean.ts";
import { UsageError } from "../errors.ts";
import type { Admission, PlannedSource } from "../plan/plan.ts";
import { systemClock } from "../runtime/clock.ts";
import { createEventIds } from "../runtime/event-id.ts";
import { createMemory } from "../runtime/memory.ts";
import { maskAll } from "../runtime/secret-mask.ts";
import { check } from "./check.ts";
import type { ExitCode } from "./exit.ts";
import { loadPlan, requireConfig } from "./load-plan.ts";
import { readHeaders, readPayload } from "./payload.ts";
import { eventBlock, printTrace } from "./print.ts";

interface ExplainOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly header: readonly string[];
}

export async function explain(name: string, payload: string, options: ExplainOptions): Promise<ExitCode> {
  const file = requireConfig(options.config);
  const { loaded, plan, issues, mask } = await loadPlan(file);
  if (issues.length > 0) return check(file, options);
  const source = plan.sources.find((planned) => planned.name === name);
  if (source === undefined) throw noSource(name, plan.sources);
  if (!source.enabled) {
    throw new UsageError("E_USAGE", `the source ${name} is off and takes nothing`, {
      hint: "remove its  enabled: false",
    });
  }

  const body = await readPayload(payload);
  const arrival = imagine(source, body, readHeaders(options.header));
  const nowMs = systemClock.now();
  const event: RouterEvent = {
    ...arrival,
    id: createEventIds()(nowMs),
    source: name,
    connector: source.type.type,
    timeMs: nowMs,
  };
  const admission = source.admit(event, createMemory(systemClock), nowMs, { detail: "trace" });
  process.stdout.write(
    options.json
      ? `${JSON.stringify(maskAll(asJson(event, admission), mask), null, 2)}\n`
      : mask(asText(loaded.values.server.name, admission)),
  );
  return admission.outcome === "accepted" ? 0 : 1;
}

function imagine(source: PlannedSource, body: string, headers: Readonly<Record<string, string>>): Arrival {
  return source.type.imagine(source.options as JsonObject, body, headers);
}

function asText(serverName: string, { outcome, trace, deliveries, problems }: Admission): string {
  const lines = [`${outcome}`, ...printTrace(trace)];
  for (const { channel, key, message } of problems) lines.push(`  failed in ${channel}: ${key}: ${message}`);
  for (const delivery of deliveries) {
    lines.push("", `${delivery.channel}, ${delivery.tokens} tokens:`, eventBlock(serverName, delivery));
  }
  return `${lines.join("\n")}\n`;
}

function asJson(event: RouterEvent, { outcome, trace, deliveries, problems }: Admission) {
  return { event_id: event.id, source: event.source, outcome, deliveries, trace, problems };
}

function noSource(name: string, sources: readonly PlannedSource[]): UsageError {
  const names = sources.map((source) => source.name);
  const close = didYouMean(name, names);
  return new UsageError("E_USAGE", `no source is called ${name}`, {
    hint: close === undefined ? `there are: ${names.join(", ") || "none"}` : `did you mean ${close}?`,
  });
}
