// What a recipe does with the events of tests, its own or those of another version of it: for comparing two
// versions. Expectations are not compared.

import { dirname } from "node:path";
import { openFixtures } from "../config/fixtures.ts";
import type { JsonObject } from "../contract.ts";
import { loadPlan } from "../daemon/start/load-plan.ts";
import { UsageError } from "../errors.ts";
import { defaultStartMs } from "./arrivals.ts";
import { playTest } from "./play.ts";
import type { Simulator } from "./simulator.ts";
import type { TestCase } from "./test-case.ts";

/** A test, and the file of the recipe that it is in: its payloads are beside it. */
export interface SampleCase {
  readonly file: string;
  readonly test: TestCase;
}

/** Channels and what they deliver, in order. */
export type Behavior = readonly {
  readonly channel: string;
  readonly content: string;
  readonly tokens: number;
}[];

/** For each case; undefined where this version cannot play it: it has no such source or input. */
export async function behaviorsOf(
  file: string,
  cases: readonly SampleCase[],
  env: NodeJS.ProcessEnv,
): Promise<(Behavior | undefined)[]> {
  const clock: { current: Simulator | undefined } = { current: undefined };
  const load = (given: JsonObject) =>
    loadPlan(file, env, {
      recipe: { given, at: ["inputs"] },
      placeholders: true,
      now: () => clock.current?.nowMs() ?? defaultStartMs,
    });
  const plans = new Map<string, ReturnType<typeof load>>();
  const behaviors: (Behavior | undefined)[] = [];
  for (const { file: of, test } of cases) {
    const key = JSON.stringify(test.with ?? {});
    const loading = plans.get(key) ?? load(test.with ?? {});
    plans.set(key, loading);
    const { plan, issues } = await loading;
    if (issues.length > 0) {
      behaviors.push(undefined);
      continue;
    }
    const context = { clock, fixtures: openFixtures(dirname(of)), recorded: noneRecorded };
    const played = await playTest(test, ["tests"], plan, context);
    behaviors.push(
      "failure" in played
        ? undefined
        : played.result.delivered.map(({ delivery: { channel, content, tokens } }) => ({
            channel,
            content,
            tokens,
          })),
    );
  }
  return behaviors;
}

/** A shared recipe has no journal. */
async function noneRecorded(): Promise<never> {
  throw new UsageError("E_USAGE", "a stored event is not available here");
}
