// A real payload for trying a config: that of the first test whose event reaches a channel. Tests of recipes have other inputs
// than the config, so the plan is asked whether a channel takes it.

import { dirname } from "node:path";
import { openFixtures, payloadOf } from "../config/fixtures.ts";
import { noTest, type TestSend, testSends } from "../config/test-sends.ts";
import type { LoadedConfig } from "../config/values.ts";
import type { Sample, TrySource } from "../contract/event.ts";
import type { Json, JsonObject } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import { asObject } from "../json.ts";
import type { Plan } from "../plan/plan.ts";
import { sendSample } from "../plan/sample.ts";
import { createMemory } from "../router/memory.ts";

export interface SamplePayload {
  /** By its name in the file of the test. */
  readonly source: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface FoundPayload extends SamplePayload {
  /** The name of the test. */
  readonly test: string;
  /** Whose test it is; undefined for the config's own. */
  readonly recipe: string | undefined;
}

/** Of any source. Undefined when the file has no such test, or the payload cannot be read. */
export function samplePayload({
  file,
  tests,
}: Pick<LoadedConfig, "file" | "tests">): SamplePayload | undefined {
  for (const { with: given, send: sent } of tests) {
    const { source } = asObject(Array.isArray(sent) ? sent[0] : sent);
    if (typeof source !== "string" || given !== undefined) continue;
    for (const send of testSends({ file, tests, uses: [] }, source)) {
      const payload = payloadIn(send);
      if (payload !== undefined) return payload;
    }
  }
  return undefined;
}

/** The payload of a test of the config, or of a recipe in use, that a channel takes from this source; else why there is none. */
export function findPayload(
  { loaded, plan }: { readonly loaded: Pick<LoadedConfig, "file" | "tests" | "uses">; readonly plan: Plan },
  source: string,
): FoundPayload | { readonly none: string } {
  const sends = testSends(loaded, source);
  for (const one of sends) {
    const payload = payloadIn(one);
    if (payload !== undefined && isTaken(plan, source, payload))
      return { ...payload, test: one.test, recipe: one.recipe };
  }
  const recipes = [...new Set(sends.flatMap(({ recipe }) => recipe ?? []))];
  if (sends.length === 0) return { none: noTest };
  return {
    none:
      recipes.length === 0
        ? "no channel takes the payloads of the tests: channel-router test shows why"
        : `no channel takes the payloads in the tests of ${recipes.join(", ")} with the inputs of this config`,
  };
}

/** A longer payload is not put on a command line. */
const maxChars = 4_000;

/** How to try a source: with the payload itself if that fits on a command line. */
export function trySource(proven: Parameters<typeof findPayload>[0], source: string): TrySource {
  const found = findPayload(proven, source);
  if ("none" in found) return found;
  const sample = asSample(found);
  return { commandLine: sendSample(source), ...(sample === undefined ? {} : { sample }) };
}

function asSample({ headers, text }: SamplePayload): Sample | undefined {
  if (text.length > maxChars) return undefined;
  try {
    return { headers, data: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}

/** Undefined when it cannot be read: another test may have one. */
function payloadIn({ file, send }: TestSend): SamplePayload | undefined {
  const { source, headers, data, text } = send;
  try {
    const payload = payloadOf(
      { ...(data === undefined ? {} : { data }), ...(typeof text === "string" ? { text } : {}) },
      openFixtures(dirname(file)),
    );
    const lowered = Object.entries(asObject(headers)).map(([name, value]) => [
      name.toLowerCase(),
      String(value),
    ]);
    return { source: String(source), headers: Object.fromEntries(lowered), text: payload.text };
  } catch (error) {
    if (isRouterError(error)) return undefined;
    throw error;
  }
}

/** Only what is sent counts: a test may give a path or an address, too. */
function isTaken(plan: Plan, source: string, { headers, text }: SamplePayload): boolean {
  const planned = plan.sources.find(({ name, enabled }) => name === source && enabled);
  if (planned === undefined) return false;
  const clock = { now: () => Date.now(), after: () => () => undefined };
  try {
    const arrival = planned.type.sampleArrival(planned.options as JsonObject, text, headers, planned.code);
    const event = { ...arrival, id: "sample", source, connector: planned.type.type, timeMs: clock.now() };
    const { outcome } = planned.admit(event, createMemory(clock), event.timeMs, { detail: "decision" });
    return outcome === "accepted";
  } catch (error) {
    if (isRouterError(error)) return false;
    throw error;
  }
}
