// What a call of a sink would send, compared with the expectation. Nothing is sent; the secrets of the config
// are hidden.

import { dirname } from "node:path";
import { homeFolder } from "../config/paths.ts";
import type { Outgoing } from "../contract/sink.ts";
import type { Json, JsonObject } from "../contract.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { isRouterError, UsageError } from "../errors.ts";
import { type Mask, maskAll } from "../host/secret-mask.ts";
import { readJson } from "../json.ts";
import { answeredView, channelFor, maskedOutgoing } from "../plan/outgoing.ts";
import type { Plan, PlannedSink } from "../plan/plan.ts";
import { demandValid } from "../session/tool-input.ts";
import { type TextContext, testText } from "./content-tests.ts";
import { difference } from "./difference.ts";
import type { SimulatedEvent } from "./simulator.ts";
import type { Failure, SentTests, TestCase, TextTests } from "./test-case.ts";

export type CallOutcome = { readonly outgoing: Outgoing } | { readonly refused: string };

export interface CallContext {
  readonly plan: Plan;
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  readonly mask: Mask;
  readonly timeMs: number;
}

/** Throws a UsageError for a sink that the config does not have. */
export function callSink(
  { sink: name, input }: NonNullable<TestCase["call"]>,
  last: SimulatedEvent | undefined,
  context: CallContext,
): CallOutcome {
  const { plan, mask } = context;
  const sink = plan.sinks.find((planned) => planned.name === name);
  if (sink === undefined) {
    const names = plan.sinks.map((planned) => planned.name);
    throw new UsageError("E_USAGE", `no sink named ${name}`, {
      hint: didYouMeanHint(name, names) ?? `sinks: ${names.join(", ") || "none"}`,
    });
  }
  try {
    const given: JsonObject = {
      ...structuredClone(input),
      ...(sink.usesEvent ? { event_id: last?.event.id ?? "none" } : {}),
    };
    demandValid(sink, sink.validate, given);
    const { event_id: _, ...checked } = given;
    const facts = {
      id: "00000000-0000-4000-8000-000000000000",
      timeMs: context.timeMs,
      input: checked,
      ...(sink.usesEvent ? { event: viewFor(sink, plan, last) } : {}),
      folders: { folder: dirname(context.file), home: homeFolder(context.env) },
    };
    return { outgoing: maskedOutgoing(sink, facts, (value) => maskAll(value, mask)) };
  } catch (error) {
    if (!isRouterError(error)) throw error;
    return { refused: mask(error.hint === undefined ? error.message : `${error.message}; ${error.hint}`) };
  }
}

function viewFor(sink: PlannedSink, plan: Plan, last: SimulatedEvent | undefined) {
  if (last === undefined)
    throw new UsageError("E_SINK_EVENT", `${sink.name} answers an event, and none was sent`);
  const { event, admission } = last;
  const took = (admission?.deliveries ?? []).map(({ channel }) => channel);
  const channel = channelFor(plan, sink.name, took);
  if (channel !== undefined) return answeredView(channel, event);
  const by = took.length === 0 ? "an event that no channel took" : `an event of ${took.join(", ")}`;
  throw new UsageError("E_SINK_EVENT", `${sink.name} may not answer ${by}`);
}

export function testCall(
  expected: { readonly sent?: SentTests; readonly refused?: true | string },
  called: CallOutcome | undefined,
  path: Failure["path"],
  context: Omit<TextContext, "what" | "path">,
): Failure[] {
  const { sent, refused } = expected;
  if (sent === undefined && refused === undefined) return [];
  const at = [...path, sent === undefined ? "refused" : "sent"];
  if (called === undefined)
    return [{ path: at, message: "no sink is called: say which under call:", lines: [] }];
  if ("refused" in called) {
    if (refused === undefined)
      return [
        { path: at, message: "the call was refused", lines: [`  ${called.refused}`], actual: called.refused },
      ];
    if (refused === true || called.refused.includes(refused)) return [];
    const message = `the call was refused, but not because of ${JSON.stringify(refused)}`;
    return [{ path: at, message, lines: [`  ${called.refused}`], expected: refused, actual: called.refused }];
  }
  if (refused !== undefined)
    return [
      { path: at, message: "the call was not refused", lines: shown(called.outgoing), expected: refused },
    ];
  return testSent(sent ?? {}, called.outgoing, at, context);
}

function testSent(
  { headers, json, command, ...texts }: SentTests,
  outgoing: Outgoing,
  at: Failure["path"],
  context: Omit<TextContext, "what" | "path">,
): Failure[] {
  const failures: Failure[] = [];
  const parts = outgoing as unknown as Readonly<Record<string, Json | undefined>>;
  const text = (value: Json | undefined, wanted: TextTests, path: Failure["path"], what: string) =>
    failures.push(
      ...testPart(value, wanted, outgoing, { ...context, path, what, key: `${context.key} ${what}` }),
    );
  for (const [name, wanted] of Object.entries(texts)) text(parts[name], wanted, [...at, name], name);
  for (const [name, wanted] of Object.entries(headers ?? {})) {
    const all = (parts.headers ?? {}) as Readonly<Record<string, string>>;
    text(all[name.toLowerCase()], wanted, [...at, "headers", name], `header ${name}`);
  }
  if (json !== undefined)
    failures.push(...testValue(json, readBody(parts.body), [...at, "json"], "the body"));
  if (command !== undefined)
    failures.push(...testValue([...command], parts.command, [...at, "command"], "the command"));
  return failures;
}

function testPart(
  value: Json | undefined,
  wanted: TextTests,
  outgoing: Outgoing,
  context: TextContext,
): Failure[] {
  const { path, what } = context;
  if (wanted === null) {
    if (value === undefined) return [];
    return [
      { path, message: `it has ${what}`, lines: [`  ${String(value)}`], expected: null, actual: value },
    ];
  }
  if (value === undefined)
    return [{ path, message: `it has no ${what}`, lines: shown(outgoing), actual: null }];
  const tests = typeof wanted === "object" ? wanted : { equals: String(wanted) };
  return testText(String(value), tests, context);
}

/** The order of keys is ignored. */
function testValue(wanted: Json, value: Json | undefined, path: Failure["path"], what: string): Failure[] {
  const [expected, actual] = [wanted, value ?? null].map((one) => JSON.stringify(sorted(one), null, 2)) as [
    string,
    string,
  ];
  if (expected === actual) return [];
  const message = `${what} is different`;
  return [{ path, message, lines: difference(expected, actual), expected: wanted, actual: value ?? null }];
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, sorted(inner)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function readBody(body: Json | undefined): Json | undefined {
  if (typeof body !== "string") return undefined;
  try {
    return readJson(body);
  } catch {
    // Text that is not JSON is shown unchanged.
    return body;
  }
}

function shown(outgoing: Outgoing): string[] {
  return JSON.stringify(outgoing, null, 2)
    .split("\n")
    .map((line) => `  ${line}`);
}
