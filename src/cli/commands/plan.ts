// `plan`: what another config would make of the stored events, as a difference. Nothing is sent, opened or remembered; the journal of
// a running router is only read.

import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { ConfigLocation } from "../../config/config-location.ts";
import { realPath } from "../../config/paths.ts";
import { parseDuration } from "../../config/units.ts";
import { compareEvents, type EventDiff, type TimedPlan } from "../../console/try/compare-events.ts";
import type { ProvenConfig } from "../../daemon/start/load-plan.ts";
import { routerLocation } from "../../daemon/start/router-location.ts";
import { UsageError } from "../../errors.ts";
import { maskAll } from "../../host/secret-mask.ts";
import { readStoredEvents, type StoredRecord } from "../../journal/stored-events.ts";
import { line, masked } from "../../text.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configLocation } from "../find-router.ts";
import { loadAllowed } from "../load-allowed.ts";
import { comparisonJson, printComparison } from "../plan-report.ts";
import { printed, printedJson } from "../print.ts";
import { readRecordedEvents } from "../recorded-events.ts";
import { printTime } from "../times.ts";

export interface PlanOptions {
  readonly config?: string;
  readonly since: string;
  readonly against?: string;
  readonly events?: string;
  readonly json?: boolean;
}

/** Differences of each kind that are shown. */
const kept = { text: 50, json: 1_000 };

type Located = ConfigLocation & { readonly file: string };
type Timed = ProvenConfig & TimedPlan & { readonly file: string };

/** 0: no difference, 1: some, 2: a config has problems. */
export async function plan(
  written: string | undefined,
  options: PlanOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const sinceMs = context.now() - readSince(options.since);
  if (options.events !== undefined && options.against === undefined)
    throw new UsageError("E_USAGE", "--events needs --against: the config to compare with", {
      hint: "git show main:channels.yaml > .main.yaml; channel-router plan --against .main.yaml --events FOLDER",
    });
  const location = configLocation(context, written ?? options.config);
  const after = await loadTimed(location);
  const before =
    options.against === undefined
      ? undefined
      : await loadTimed(configLocation(context, resolve(context.cwd, options.against)));
  const broken = [after, before].filter((one) => one !== undefined && one.issues.length > 0) as Timed[];
  if (broken.length > 0) return reportProblems(broken, options, context);

  const { records, notes } =
    options.events === undefined
      ? { records: await journalOf(location, written, options, context), notes: [] }
      : await eventsOf(resolve(context.cwd, options.events), { after, before: before as Timed });
  const comparison = await compareEvents(records, {
    after,
    before,
    sinceMs: options.events === undefined ? sinceMs : Number.NEGATIVE_INFINITY,
    keep: options.json ? kept.json : kept.text,
    signal: context.interrupted(),
  });
  const short = (path: string) => {
    const below = relative(context.cwd, path);
    return below.startsWith("..") ? path : below;
  };
  const about = {
    file: short(after.file),
    against: before === undefined ? "the journal" : short(before.file),
    since: options.events === undefined ? new Date(sinceMs).toISOString() : undefined,
    server: after.loaded.values.server.name,
  };
  const mask = (words: string) => before?.mask(after.mask(words)) ?? after.mask(words);
  if (options.json) context.print(printedJson(maskAll(comparisonJson(comparison, about), mask)));
  else {
    const from = about.since === undefined ? "" : ` since ${printTime(about.since)}`;
    context.print(masked(printComparison(comparison, { ...about, from }), mask));
  }
  for (const note of notes) context.note(note);
  return isSame(comparison) ? 0 : 1;
}

function isSame({ newly, noLonger, changed }: EventDiff): boolean {
  return newly.count + noLonger.count + changed.count === 0;
}

async function loadTimed(location: Located): Promise<Timed> {
  const clock = { nowMs: 0 };
  return { ...(await loadAllowed(location, () => clock.nowMs)), clock };
}

/** The journal of the config itself where it has one, else that of the config in use. */
async function journalOf(
  location: Located,
  written: string | undefined,
  { config }: PlanOptions,
  context: CommandContext,
): Promise<AsyncIterable<readonly StoredRecord[]>> {
  const used = written === undefined || config !== undefined ? undefined : location;
  const places = [...(used === undefined ? [] : [used]), ...inUse(context, config)];
  for (const place of places) {
    const folder = join((await routerLocation(place)).folder, "journal");
    if (existsSync(folder)) return readStoredEvents(folder, { untilMs: context.now() });
  }
  throw new UsageError(
    "E_USAGE",
    `no events are stored for ${places.map(({ file }) => realPath(file)).join(" or ")}`,
    {
      hint: "the router stores them while it runs; elsewhere: --against OLD.yaml --events FOLDER",
    },
  );
}

function inUse(context: CommandContext, config: string | undefined): Located[] {
  try {
    return [configLocation(context, config)];
  } catch (error) {
    // Then the named file is the only one.
    if (error instanceof UsageError) return [];
    throw error;
  }
}

/** An event of a source that only one of the two has is a difference as well: it is read by the one that has it. */
async function eventsOf(
  folder: string,
  { after, before }: { readonly after: Timed; readonly before: Timed },
) {
  const own = await readRecordedEvents(folder, before.plan);
  const others = await readRecordedEvents(folder, {
    sources: after.plan.sources.filter(({ name }) => !before.plan.sources.some((one) => one.name === name)),
  });
  const records = [...own.records, ...others.records].sort((a, b) => a.event.timeMs - b.event.timeMs);
  const unread = own.leftOut.filter((name) => others.leftOut.includes(name));
  const notes = unread.map((name) => line`${name} is left out: neither config has its source`);
  return {
    records: (async function* () {
      yield records;
    })(),
    notes,
  };
}

function reportProblems(broken: readonly Timed[], { json }: PlanOptions, context: CommandContext): ExitCode {
  for (const { issues, loaded, mask } of json ? [] : broken)
    for (const issue of issues) context.print(printed(masked(loaded.frame(issue), mask), line``));
  if (json) {
    const issues = broken.flatMap((one) => one.issues.map((issue) => maskAll(issue, one.mask)));
    context.print(printedJson({ ok: false, issues }));
  }
  return 2;
}

function readSince(written: string): number {
  const ms = parseDuration(written);
  if (ms !== undefined && ms > 0) return ms;
  throw new UsageError("E_USAGE", `"${written}" is not a duration`, { hint: "write it as 24h or 7d" });
}
