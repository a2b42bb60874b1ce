// What a recipe is like in use: what Claude reads of the first event that its tests deliver, and what an event costs.
// For the page of all recipes; no command imports it.

import { dirname } from "node:path";
import { openFixtures } from "../config/fixtures.ts";
import type { Json, JsonObject } from "../contract.ts";
import { loadPlan, type ProvenConfig } from "../daemon/start/load-plan.ts";
import { asObject } from "../json.ts";
import { renderBlock } from "../templates/budget.ts";

import { playTest } from "./play.ts";
import type { Simulator } from "./simulator.ts";
import type { TestCase } from "./test-case.ts";
import { type TokensPerEvent, tokensPerEvent } from "./tokens-per-event.ts";

export interface RecipeSample {
  /** The whole file. */
  readonly recipe: JsonObject;
  /** Absent: its tests deliver nothing. */
  readonly block?: string;
  readonly tokens?: TokensPerEvent;
  /** The types of its sources. */
  readonly types: readonly string[];
}

/** Rejects for a recipe that has a problem. */
export async function recipeSample(file: string): Promise<RecipeSample> {
  const clock: { current: Simulator | undefined } = { current: undefined };
  const plans = new Map<string, ProvenConfig>();
  async function load(given: JsonObject): Promise<ProvenConfig> {
    const key = JSON.stringify(given);
    const proven =
      plans.get(key) ??
      (await loadPlan(
        file,
        {},
        {
          recipe: { given, at: ["tests"] },
          placeholders: true,
          now: () => clock.current?.nowMs() ?? 0,
        },
      ));
    plans.set(key, proven);
    const [issue] = proven.issues;
    if (issue !== undefined) throw new Error(proven.loaded.frame(issue));
    return proven;
  }
  const { loaded } = await load({});
  const context = {
    fixtures: openFixtures(dirname(file)),
    clock,
    recorded: async () => {
      throw new Error(`${file}: a test of a bundled recipe cannot use a stored event`);
    },
  };
  const delivered: { readonly tokens: number; readonly block: string }[] = [];
  for (const test of loaded.tests as unknown as readonly TestCase[]) {
    if (test.send === undefined) continue;
    const { plan } = await load(test.with ?? {});
    const played = await playTest(test, ["tests"], plan, context);
    if ("failure" in played) throw new Error(`${file}: ${test.name}: ${played.failure.message}`);
    for (const { delivery } of played.result.delivered)
      delivered.push({ tokens: delivery.tokens, block: renderBlock(delivery.meta, delivery.content) });
  }
  const recipe = loaded.recipe ?? {};
  const [first] = delivered;
  const tokens = tokensPerEvent([{ delivered: delivered.map((one) => ({ channel: "", ...one })) }]);
  return {
    recipe,
    ...(first === undefined ? {} : { block: first.block }),
    ...(tokens === undefined ? {} : { tokens }),
    types: Object.values(asObject(recipe.sources)).map((source) => String(asObject(source as Json).type)),
  };
}
