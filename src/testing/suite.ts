// Runs the tests of one file. A recipe's tests see its own names; each set of inputs that they give is a
// separate plan.

import { dirname } from "node:path";
import { openFixtures } from "../config/fixtures.ts";
import type { LoadedConfig } from "../config/values.ts";
import type { Issue, JsonObject, RouterEvent } from "../contract.ts";
import { loadPlan, type ProvenConfig } from "../daemon/start/load-plan.ts";
import { isRouterError } from "../errors.ts";
import { loadRegex, type RegexCompiler } from "../filters/regex.ts";
import type { SafeText } from "../text.ts";
import { defaultStartMs } from "./arrivals.ts";
import { testExpectations } from "./expectations.ts";
import { type PlayContext, playTest } from "./play.ts";
import type { Simulator } from "./simulator.ts";
import { openSnapshots, type Snapshots } from "./snapshots.ts";
import type { Failure, TestCase } from "./test-case.ts";
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
  /** What it delivered, in order. */
  readonly delivered: readonly { readonly channel: string; readonly tokens: number }[];
}

export interface SuiteResult {
  readonly file: string;
  /** Framed; when there are any, no test was run. */
  readonly problems: readonly { readonly issue: Issue; readonly frame: SafeText }[];
  /** The same for warnings, which prevent no test. */
  readonly warnings: SuiteResult["problems"];
  readonly tests: readonly TestResult[];
  /** The recipes that it uses, which have tests of their own. */
  readonly uses: LoadedConfig["uses"];
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
interface Room extends PlayContext {
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
  const nothing = {
    file: loaded.file,
    warnings,
    tests: [],
    leftOut: 0,
    uses: loaded.uses,
    mask,
    files: filesOf(loaded),
  };
  const unsaved = { file: snapshots.file, written: false, unused: [] };
  if (issues.length > 0) {
    const problems = issues.map((issue) => ({ issue, frame: loaded.frame(issue) }));
    return { ...nothing, problems, snapshots: unsaved };
  }
  const room: Room = {
    clock,
    recorded: (eventId) => options.recorded(loaded.file, eventId),
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
    const { failures, delivered } =
      proven.issues.length > 0
        ? { failures: inputFailures(proven, at), delivered: [] }
        : await runTest(test, at, proven, room);
    tests.push({
      name: test.name,
      line,
      column,
      delivered,
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
): Promise<Pick<TestResult, "delivered"> & { readonly failures: readonly Failure[] }> {
  const { options, file } = room;
  const played = await playTest(test, at, plan, room);
  if ("failure" in played) return { failures: [played.failure], delivered: [] };
  const { result, timeMs } = played;
  const delivered = result.delivered.map(({ delivery: { channel, tokens } }) => ({ channel, tokens }));
  const callContext = { plan, file, env: options.env, mask, timeMs };
  try {
    const called = test.call && callSink(test.call, result.last, callContext);
    const failures = testExpectations(test.expect, { ...result, called }, [...at, "expect"], {
      ...room,
      update: options.update,
      name: test.name,
    });
    return { failures, delivered };
  } catch (error) {
    if (!isRouterError(error)) throw error;
    return { failures: [{ path: [...at, "expect"], message: error.message, lines: [] }], delivered };
  }
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
