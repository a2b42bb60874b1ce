// `test`: runs the `tests:` of configs and recipes. Opens no port, reads no secret and uses no network; the
// tests set the time.

import { relative, resolve } from "node:path";
import { systemClock } from "../../clock.ts";
import { realPath, runningFolder } from "../../config/paths.ts";
import type { RouterEvent } from "../../contract.ts";
import { requireConfig } from "../../daemon/start/load-plan.ts";
import { UsageError } from "../../errors.ts";
import { watchFiles } from "../../host/file-watch.ts";
import { maskAll } from "../../host/secret-mask.ts";
import { runSuite, type SuiteResult } from "../../testing/suite.ts";
import { text } from "../../text.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { reachRouter, requireRouter } from "../find-router.ts";
import { printedJson } from "../print.ts";
import { jsonReport, textReport } from "../test-report.ts";

export interface TestOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly update?: boolean;
  readonly watch?: boolean;
  /** Part of a test's name. */
  readonly only?: string;
}

export async function test(
  files: readonly string[],
  options: TestOptions,
  context: CommandContext,
): Promise<ExitCode> {
  if (options.watch && options.json) throw new UsageError("E_USAGE", "--watch and --json cannot be combined");
  const chosen =
    files.length > 0 ? files.map((file) => resolve(context.cwd, file)) : [requireConfig(options.config).file];
  const once = () => runAndPrint(chosen, options, context);
  if (!options.watch) return (await once()).code;

  const interrupted = context.interrupted();
  let changed = false;
  let wake = (): void => {};
  const watch = watchFiles({
    clock: systemClock,
    onChange: () => {
      changed = true;
      wake();
    },
  });
  // The watch alone keeps no process alive.
  const alive = setInterval(() => {}, 60_000);
  interrupted.addEventListener("abort", () => wake());
  watch.watch(chosen);
  while (!interrupted.aborted) {
    changed = false;
    const { results } = await once();
    watch.watch(results.flatMap((result) => result.files));
    context.print(text`\nwaiting for a change (Ctrl-C ends it)\n`);
    while (!changed && !interrupted.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (changed || interrupted.aborted) resolve();
      });
    }
    context.print(text`\n`);
  }
  clearInterval(alive);
  watch.close();
  return 0;
}

/** Runs the tests of these files and of the recipes that they use. Exit code 1 when one failed, or there was none. */
export async function runAndPrint(
  files: readonly string[],
  options: Omit<TestOptions, "config" | "watch">,
  context: CommandContext,
): Promise<{ readonly code: ExitCode; readonly results: readonly SuiteResult[] }> {
  const startMs = performance.now();
  const results: SuiteResult[] = [];
  const run = (file: string, update: boolean) =>
    runSuite(file, {
      env: context.env,
      update,
      only: options.only,
      recorded: (config, eventId) => recordedEvent(config, eventId, context),
    });
  for (const file of files) results.push(await run(file, options.update === true));
  const known = new Set(results.map(({ file }) => file));
  for (const use of results.flatMap(({ uses }) => uses)) {
    if (known.has(use.file)) continue;
    known.add(use.file);
    // Snapshots of a recipe that others wrote are theirs.
    const result = await run(use.file, options.update === true && use.from === "file");
    if (options.only === undefined || result.tests.length > 0) results.push(result);
  }
  const ms = Math.round(performance.now() - startMs);
  const named = (file: string) => {
    const short = relative(context.cwd, file);
    return short.startsWith("..") ? file : short;
  };
  const ok =
    results.some(({ tests }) => tests.length > 0) &&
    results.every(
      ({ problems, tests }) => problems.length === 0 && tests.every(({ failures }) => failures.length === 0),
    );
  if (options.json) context.print(printedJson({ ok, ...maskedReport(results) }));
  else context.print(textReport(results, ms, named));
  return { code: ok ? 0 : 1, results };
}

function maskedReport(results: readonly SuiteResult[]) {
  const { files, ...counts } = jsonReport(results);
  return {
    ...counts,
    files: files.map((file, index) => maskAll(file, (results[index] as SuiteResult).mask)),
  };
}

/**
 * From the router that runs `file`, else from the one whose config is found. Rejects with a RouterError when
 * none has it.
 */
export async function recordedEvent(
  file: string,
  eventId: string,
  context: Pick<CommandContext, "env" | "cwd" | "underClaude" | "routers">,
): Promise<RouterEvent> {
  const all = await context.routers.list(runningFolder(context.env));
  const router = all.find(({ config }) => config === realPath(file));
  const { ask } =
    router === undefined ? await reachRouter(context, undefined) : requireRouter(context, router);
  return ask("recall", { event_id: eventId });
}
