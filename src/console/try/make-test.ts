// Makes a test of a stored event: what is sent, and what the config makes of it now. It passes as it is.

import { dirname } from "node:path";
import { openFixtures } from "../../config/fixtures.ts";
import { addEntry } from "../../config/yaml/add-entry.ts";
import type { Json, JsonObject, RouterEvent } from "../../contract.ts";
import { loadPlan, type ProvenConfig } from "../../daemon/start/load-plan.ts";
import { UsageError } from "../../errors.ts";
import { loadRegex } from "../../filters/regex.ts";
import { maskAll } from "../../host/secret-mask.ts";
import { isObject } from "../../json.ts";
import { type ActualResult, testExpectations } from "../../testing/expectations.ts";
import { playTest } from "../../testing/play.ts";
import type { Simulator } from "../../testing/simulator.ts";
import { openSnapshots } from "../../testing/snapshots.ts";
import type { Expectation, Send, TestCase } from "../../testing/test-case.ts";
import type { MadeTest } from "../protocol.ts";
import { blockLines } from "./block-yaml.ts";
import type { ActiveConfig } from "./trial.ts";

interface TestWishes {
  readonly active: ActiveConfig;
  readonly env: NodeJS.ProcessEnv;
  /** The text of the config. */
  readonly text: string;
}

/** Rejects with a UsageError for an event that no test can send again. */
export async function makeTest(event: RouterEvent, { active, env, text }: TestWishes): Promise<MadeTest> {
  const { file } = active.loaded;
  const clock: { current: Simulator | undefined } = { current: undefined };
  const proven = await loadPlan(file, env, {
    recipe: { given: {}, at: ["tests"] },
    placeholders: true,
    now: () => clock.current?.nowMs() ?? event.timeMs,
  });
  if (proven.issues.length > 0)
    throw new UsageError("E_USAGE", "the config has problems; a test is made when it has none");
  const hidden = maskAll(event, active.mask) as unknown as RouterEvent;
  const context = { clock, fixtures: openFixtures(dirname(file)), recorded: async () => event };
  const name = freeName(event, proven);
  let reason = "";
  for (const send of sendsOf(hidden, proven)) {
    const test: TestCase = { name, send, expect: {} };
    const played = await playTest(test, ["tests"], proven.plan, context);
    if ("failure" in played) {
      reason = played.failure.message;
      continue;
    }
    for (const expect of expectationsOf(played.result)) {
      const failures = testExpectations(expect, played.result, ["tests"], {
        ...{ snapshots: openSnapshots(file), regex: await loadRegex(), update: false, name },
      });
      if (failures.length > 0) continue;
      const lines = blockLines({ name, send, expect } as unknown as JsonObject);
      const entry = lines.map((line, index) => `${index === 0 ? "-" : " "} ${line}`);
      const added = addEntry(text, "tests", entry);
      return { yaml: `${entry.join("\n")}\n`, ...(added === undefined ? {} : { text: added }) };
    }
  }
  throw new UsageError(
    "E_USAGE",
    `no test can send event ${event.id} again${reason === "" ? "" : `: ${reason}`}`,
    {
      hint: `channel-router replay ${event.id} --dry-run  shows what the config makes of it`,
    },
  );
}

/** With the payload as its source would read it, else as text, else the stored event itself. */
function sendsOf(event: RouterEvent, { loaded }: ProvenConfig): Send[] {
  const { data, text, source, timeMs } = event;
  const channels = Object.values(loaded.values.channels).filter(({ from }) => from.includes(source));
  const written = JSON.stringify(channels);
  const isUsed = (root: string) => new RegExp(`\\b${root}\\b`).test(written);
  const headers = Object.entries(event.headers ?? {}).filter(
    ([name]) => written.includes(name) || name === "content-type",
  );
  const { path, method, query, params, sender, remote } = event;
  const more = { path, method, query, params, sender, remote };
  const common = {
    source,
    at: new Date(timeMs).toISOString(),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...Object.fromEntries(
      Object.entries(more).filter(([root, value]) => value !== undefined && isUsed(root)),
    ),
  };
  const ofData = isObject(data) || Array.isArray(data) ? [{ ...common, data: data as Json }] : [];
  return [...ofData, { ...common, text }, { source, at: common.at, event: event.id }] as Send[];
}

/** The most exact first. */
function expectationsOf({ last, delivered, heldBy }: ActualResult): (Expectation | Expectation[])[] {
  if (delivered.length === 0) {
    const [held] = heldBy;
    if (held !== undefined && last?.admission?.outcome === "accepted")
      return [{ none: held.reason }, { none: true }];
    return last === undefined ? [] : [{ outcome: last.outcome }];
  }
  const exact = delivered.map(({ delivery: { channel, content, tokens } }) => ({
    channel,
    content: { equals: content },
    tokens: { lte: Math.ceil((tokens + 5) / 10) * 10 },
  }));
  const loose = delivered.map(({ delivery: { channel } }) => ({ channel }));
  const one = <T>(all: readonly T[]): T | T[] => (all.length === 1 ? (all[0] as T) : [...all]);
  return [one(exact), one(loose)];
}

function freeName({ id, source }: RouterEvent, { loaded }: ProvenConfig): string {
  const name = `an event of ${source}, recorded as ${id}`;
  const taken = new Set(loaded.tests.map((test) => test.name));
  for (let count = 1; ; count++) {
    const next = count === 1 ? name : `${name} (${count})`;
    if (!taken.has(next)) return next;
  }
}
