// Runs the tests of one file. A recipe's tests see its own names; each set of inputs that they give is a
// separate plan.

import { dirname } from "node:path";
import { isRecipeFile } from "../config/recipe/bundled.ts";
import type { LoadedConfig } from "../config/values.ts";
import type { Issue, JsonObject, RouterEvent } from "../contract.ts";
import { loadPlan, type ProvenConfig } from "../daemon/start/load-plan.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { isRouterError, UsageError } from "../errors.ts";
import { loadRegex, type RegexCompiler } from "../filters/regex.ts";
import { createEventIds } from "../router/event-id.ts";
import type { SafeText } from "../text.ts";
import {
  absoluteMs,
  arrivalOf,
  defaultStartMs,
  durationOf,
  type Fixtures,
  openFixtures,
  timeOf,
} from "./arrivals.ts";
import { type ActualResult, testExpectations } from "./expectations.ts";
import { createSimulator, type SimulatedEvent, type Simulator } from "./simulator.ts";
import { openSnapshots, type Snapshots } from "./snapshots.ts";
import type { Failure, Send, TestCase } from "./test-case.ts";
import { callSink } from "./tool-calls.ts";

export interface SuiteOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Records snapshots. */
  readonly update: boolean;
  /** Only tests whose names contain this text. */
  readonly only?: string | undefined;
  /** A stored event of the running router. Rejects with a RouterError. */
  recorded(file: string, eventId: string): Promise<RouterEvent>;
}

export interface TestResult {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly failures: readonly (Failure & { readonly issue: Issue })[];
}

export interface SuiteResult {
  readonly file: string;
  /** Framed; when there are any, no test was run. */
  readonly problems: readonly { readonly issue: Issue; readonly frame: SafeText }[];
  /** The same for warnings, which prevent no test. */
  readonly warnings: SuiteResult["problems"];
  readonly tests: readonly TestResult[];
  /** It has parts of recipes, which have tests of their own. */
  readonly usesRecipes: boolean;
  /** Skipped by `only`. */
  readonly leftOut: number;
  /** Every file that was read or searched for. */
  readonly files: readonly string[];
  readonly snapshots: {
    readonly file: string;
    readonly written: boolean;
    readonly unused: readonly string[];
  };
  mask(text: string): string;
}

/** Shared by all tests of a file. */
interface Room {
  readonly fixtures: Fixtures;
  readonly snapshots: Snapshots;
  readonly regex: RegexCompiler;
  readonly options: SuiteOptions;
  readonly file: string;
}

export async function runSuite(file: string, options: SuiteOptions): Promise<SuiteResult> {
  const clock: { current: Simulator | undefined } = { current: undefined };
  const load = (given: JsonObject, at: (string | number)[]) =>
    loadPlan(file, options.env, {
      recipe: { given, at },
      placeholders: true,
      now: () => clock.current?.nowMs() ?? defaultStartMs,
    });
  const whole = await load({}, ["tests"]);
  const { loaded, issues, mask } = whole;
  const snapshots = openSnapshots(loaded.file);
  const warnings = loaded.warnings.map((issue) => ({ issue, frame: loaded.frame(issue) }));
  const usesRecipes = loaded.files.some(({ path }) => isRecipeFile(path) && path !== loaded.file);
  const nothing = {
    file: loaded.file,
    warnings,
    tests: [],
    leftOut: 0,
    usesRecipes,
    mask,
    files: filesOf(loaded),
  };
  const unsaved = { file: snapshots.file, written: false, unused: [] };
  if (issues.length > 0) {
    const problems = issues.map((issue) => ({ issue, frame: loaded.frame(issue) }));
    return { ...nothing, problems, snapshots: unsaved };
  }
  const room: Room = {
    fixtures: openFixtures(dirname(loaded.file)),
    snapshots,
    regex: remembered(await loadRegex()),
    options,
    file: loaded.file,
  };
  const plans = new Map<string, ProvenConfig>([["{}", whole]]);
  const tests: TestResult[] = [];
  const all = (loaded.tests as unknown as readonly TestCase[]).map((test, index) => ({ test, index }));
  const chosen = all.filter(({ test }) => options.only === undefined || test.name.includes(options.only));
  for (const { test, index } of chosen) {
    const at = ["tests", index];
    const { line, column } = loaded.locate({ path: at, code: "", message: "" });
    const key = JSON.stringify(test.with ?? {});
    const proven = plans.get(key) ?? (await load(test.with ?? {}, [...at, "with"]));
    plans.set(key, proven);
    const failures =
      proven.issues.length > 0 ? inputFailures(proven, at) : await runTest(test, at, proven, room, clock);
    tests.push({
      name: test.name,
      line,
      column,
      failures: failures.map((failure) => ({
        ...failure,
        issue: loaded.locate({ path: failure.path, code: "", message: failure.message }),
      })),
    });
  }
  const isWhole = chosen.length === all.length;
  const written = options.update && snapshots.save(!isWhole);
  return {
    ...nothing,
    files: [...nothing.files, ...room.fixtures.files()],
    problems: [],
    tests,
    leftOut: all.length - chosen.length,
    snapshots: { file: snapshots.file, written, unused: isWhole ? snapshots.unused() : [] },
  };
}

async function runTest(
  test: TestCase,
  at: Failure["path"],
  { plan, mask }: ProvenConfig,
  room: Room,
  clock: { current: Simulator | undefined },
): Promise<Failure[]> {
  const { options, file } = room;
  const sends = [test.send ?? []].flat() as readonly Send[];
  const startMs = absoluteMs(sends[0]?.at) ?? defaultStartMs;
  let tail = 0;
  const rehearsal = createSimulator({ plan, startMs, newId: createEventIds(() => tail++) });
  clock.current = rehearsal;
  let last: SimulatedEvent | undefined;
  for (const [index, send] of sends.entries()) {
    const path = Array.isArray(test.send) ? [...at, "send", index] : [...at, "send"];
    try {
      const timeMs = timeOf(send.at, startMs, rehearsal.nowMs());
      if (timeMs < rehearsal.nowMs())
        return [{ path: [...path, "at"], message: "it is earlier than the previous event", lines: [] }];
      rehearsal.advance(timeMs);
      const source = plan.sources.find(({ name }) => name === send.source);
      if (source === undefined)
        throw noSource(
          send.source,
          plan.sources.map(({ name }) => name),
        );
      const recorded = send.event === undefined ? undefined : await options.recorded(file, send.event);
      last = rehearsal.send(send.source, arrivalOf(send, source, room.fixtures, recorded));
    } catch (error) {
      if (!isRouterError(error)) throw error;
      return [{ path, message: error.message, lines: error.hint === undefined ? [] : [`  ${error.hint}`] }];
    }
  }
  if (test.wait !== undefined) rehearsal.advance(rehearsal.nowMs() + durationOf(test.wait));
  const came = {
    last,
    delivered: rehearsal.delivered(),
    heldBy: last === undefined ? [] : holdsOf(last, rehearsal),
  };
  const callContext = { plan, file, env: options.env, mask, timeMs: rehearsal.nowMs() };
  try {
    const called = test.call && callSink(test.call, last, callContext);
    return testExpectations(test.expect, { ...came, called }, [...at, "expect"], {
      ...room,
      update: options.update,
      name: test.name,
    });
  } catch (error) {
    if (!isRouterError(error)) throw error;
    return [{ path: [...at, "expect"], message: error.message, lines: [] }];
  }
}

const reasonOfEnd = { superseded: "supersede", expired: "ttl", folded: "digest" } as const;

/** Why an admitted event was not delivered, or not by itself. */
function holdsOf({ event, admission }: SimulatedEvent, rehearsal: Simulator): ActualResult["heldBy"] {
  if (admission === undefined) return [{ reason: "delivery_id", text: "its delivery id was seen before" }];
  return [
    ...rehearsal
      .waiting()
      .filter(({ id }) => id === event.id)
      .map(({ channel, hold, reason }) => ({
        channel,
        reason: hold?.by ?? "budget",
        text: `${channel}: ${reason}`,
      })),
    ...rehearsal
      .ended()
      .filter(({ id }) => id === event.id)
      .map(({ channel, state, reason }) => ({
        channel,
        reason: reasonOfEnd[state],
        text: `${channel}: ${reason}`,
      })),
  ];
}

/** Problems of the inputs that a test gives. */
function inputFailures({ issues, loaded }: ProvenConfig, at: Failure["path"]): Failure[] {
  const [first] = issues;
  return [
    {
      path: [...at, "with"],
      message: "the recipe does not work with these inputs",
      lines:
        first === undefined
          ? []
          : loaded
              .frame(first)
              .split("\n")
              .map((line) => `  ${line}`),
    },
  ];
}

function noSource(name: string, known: readonly string[]): UsageError {
  return new UsageError("E_USAGE", `no source named ${name}`, {
    hint: didYouMeanHint(name, known) ?? `sources: ${known.join(", ") || "none"}`,
  });
}

function filesOf({ file, files }: LoadedConfig): string[] {
  return [...new Set([file, ...files.map(({ path }) => path)])];
}

function remembered(compile: RegexCompiler): RegexCompiler {
  const known = new Map<string, ReturnType<RegexCompiler>>();
  return (pattern) => {
    const regex = known.get(pattern) ?? compile(pattern);
    known.set(pattern, regex);
    return regex;
  };
}
