// A sink as a config has it, for tests: its options as a person writes them, with the real templates and the real schema of its
// arguments, and a way to see what a call would send.

import { toOptions } from "../../src/config/schema/camel-case.ts";
import { codeOptions } from "../../src/config/schema/code-options.ts";
import type { ChannelValues, ConfigValues, IssueDraft, SinkValues } from "../../src/config/values.ts";
import type { Outgoing, SinkType } from "../../src/contract/sink.ts";
import type { JsonObject, Surroundings, View } from "../../src/contract.ts";
import { loadEngine } from "../../src/daemon/start/load-engine.ts";
import { compileSink } from "../../src/plan/compile/sink.ts";
import { outgoingOf } from "../../src/plan/outgoing.ts";
import type { PlannedSink } from "../../src/plan/plan.ts";
import { surroundings } from "./host.ts";

export interface WrittenSink {
  readonly input?: JsonObject;
  readonly result?: string;
  /** Its own options. */
  readonly options: JsonObject;
}

interface Around {
  /** Channels that list it. Default: one. */
  readonly channels?: readonly string[];
  readonly surroundings?: Partial<Surroundings>;
}

/** With every mistake that a plan finds in it. */
export async function proveSink(
  type: SinkType<never>,
  { input = {}, result, options: written }: WrittenSink,
  around: Around = {},
): Promise<{ readonly sink: PlannedSink; readonly issues: readonly IssueDraft[] }> {
  const filled = structuredClone(written);
  if (!type.validate(filled)) throw new Error(JSON.stringify(type.validate.errors));
  const values: SinkValues = {
    type: type.type,
    description: "For a test.",
    input,
    options: toOptions(type.options, filled),
    code: [
      ...codeOptions(type.options, filled),
      ...(result === undefined
        ? []
        : [
            {
              path: ["result"],
              key: "result",
              kind: "template" as const,
              text: result,
              mark: { only: ["input", "event", "time", "response"] },
            },
          ]),
    ],
  };
  const config = { sources: {}, channels: {}, sinks: { tested: values } } as unknown as ConfigValues;
  const issues: IssueDraft[] = [];
  const sink = compileSink("tested", values, type as SinkType, {
    engine: await loadEngine(config, new Map()),
    surroundings: { ...surroundings, ...around.surroundings },
    bind: (text) => text,
    launches: new Map(),
    channels: (around.channels ?? ["ci"]).map((name) => [name, { vars: {} } as unknown as ChannelValues]),
    issues,
  });
  return { sink, issues };
}

/** Throws when a plan would find a mistake in it. */
export async function planSink(
  type: SinkType<never>,
  written: WrittenSink,
  around: Around = {},
): Promise<PlannedSink> {
  const { sink, issues } = await proveSink(type, written, around);
  if (issues.length > 0) throw new Error(JSON.stringify(issues));
  return sink;
}

export const answeredEvent: View = {
  data: { repo: "acme/app", pr: 7, draft: false, labels: ["bug"] },
  text: "{}",
  id: "1m8321t0m8zzw",
  source: "github",
  connector: "http",
  time: "2026-01-05T09:00:00.000Z",
  inputs: {},
  vars: { pr: 7 },
};

/** What a call with these arguments would send. */
export function outgoing(sink: PlannedSink, input: JsonObject = {}, event = answeredEvent): Outgoing {
  return outgoingOf(sink, {
    id: "call-1",
    timeMs: Date.UTC(2026, 0, 5, 9),
    input,
    ...(sink.usesEvent ? { event } : {}),
    folders: { folder: "/project", home: "/home/person" },
  });
}
